/** How a member ended, in the words of an agent, whatever kind of thing it is. */
import type { AgentOutput } from '../src/contracts/agent.ts';
import type { Failure } from '../src/contracts/failure.ts';
import type { RunOutput } from '../src/contracts/run.ts';
import { nothingUsed } from './agent/context.ts';
import { failure, failureOf } from './failure.ts';
import { plainMember, type Membership } from './member.ts';

interface End {
  readonly type: string;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** `gives`: what its answer is called by whoever is told; the result of a team is a text unless it is called something. */
export function outputOf({ type, output, error }: End, { gives }: Membership = plainMember): AgentOutput {
  if (type.startsWith('xstate.error.')) return failedWith(failureOf(error));
  const end = output as AgentOutput | RunOutput | undefined;
  if (end?.status === undefined)
    return failedWith(failure('internal', 'A member must end as an agent does, and it ended with something else.'));
  const said = 'turns' in end ? ofRun(end) : end;
  return gives === undefined || said.status !== 'completed'
    ? said
    : { ...said, answer: { ...said.answer, type: gives } };
}

export const failedWith = (reason: Failure): AgentOutput => ({
  status: 'failed',
  failure: reason,
  phase: 'execution',
  evidence: [],
  usage: nothingUsed,
});

function ofRun(end: RunOutput): AgentOutput {
  const { usage } = end;
  if (end.status === 'completed')
    return { status: 'completed', answer: { type: 'text', body: end.result }, evidence: [], usage };
  const partial = end.partial ? { partial: { type: end.partial.type, body: end.partial.body } } : {};
  if (end.status === 'cancelled') return { status: 'cancelled', reason: end.reason, ...partial, usage };
  return { status: 'failed', failure: end.failure, phase: 'execution', ...partial, evidence: [], usage };
}
