/** The end of a member as the output of an agent, whatever kind of member it is. */
import type { AgentOutput } from '../src/contracts/agent.ts';
import type { Failure } from '../src/values/failure.ts';
import type { RunOutput } from '../src/contracts/run.ts';
import { partsIn } from '../src/contracts/parts.ts';
import { zeroUsage } from './usage.ts';
import { childFailure, isChildError, childOutput, type ChildEndEvent } from './childEvents.ts';
import { makeFailure } from './failure.ts';
import { defaultMember, type MemberKind } from './member.ts';

/** `gives`: the type that its answer gets; the result of a team is a `text` by default. */
export function memberOutputOf(event: ChildEndEvent, { gives }: MemberKind = defaultMember): AgentOutput {
  if (isChildError(event)) return failedOutput(childFailure(event));
  const end = childOutput<AgentOutput | RunOutput | undefined>(event);
  if (end?.status === undefined)
    return failedOutput(
      makeFailure('internal', 'A member must end as an agent does, and it ended with something else.'),
    );
  const output = 'turns' in end ? ofRun(end) : end;
  return gives === undefined || output.status !== 'completed'
    ? output
    : { ...output, answer: { ...output.answer, type: gives } };
}

/** The output of a member that did nothing and failed. */
export const failedOutput = (reason: Failure): AgentOutput => ({
  status: 'failed',
  failure: reason,
  phase: 'execution',
  evidence: [],
  usage: zeroUsage,
});

function ofRun(end: RunOutput): AgentOutput {
  const { usage } = end;
  if (end.status === 'completed')
    return {
      status: 'completed',
      answer: { type: 'text', body: end.result, ...partsIn(end.parts) },
      evidence: [],
      usage,
    };
  const partial = end.partial
    ? { partial: { type: end.partial.type, body: end.partial.body, ...partsIn(end.partial.parts) } }
    : {};
  if (end.status === 'cancelled') return { status: 'cancelled', reason: end.reason, ...partial, usage };
  return { status: 'failed', failure: end.failure, phase: 'execution', ...partial, evidence: [], usage };
}
