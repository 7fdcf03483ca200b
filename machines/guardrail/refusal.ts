/** What a piece of work comes to: as it ended, turned down on the way, or stopped. What was said and used is never lost. */
import type { AgentOutput, Phase } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Refusal, Stage } from '../../src/contracts/work.ts';
import type { RunOutput } from '../../src/contracts/run.ts';
import { nothingUsed } from '../agent/context.ts';
import { failure, failureOf } from '../failure.ts';
import type { Ending } from './context.ts';
import type { Rejection } from './rules.ts';

/** The failure that a guardrail's rejection is, for whoever reads the result. */
export function refusal(name: string, stage: Stage, { kind, reason, retryAfter }: Rejection): Failure {
  return {
    ...failure(kind, `The guardrail "${name}" rejected it (${stage}): ${reason}.`),
    retryable: kind === 'transient' || kind === 'timeout',
    ...(retryAfter === undefined ? {} : { retryAfter }),
    data: { refusedBy: name, stage, reason },
  };
}

/** Who turned it down, if somebody did. */
export const refusedIn = (output: AgentOutput): Partial<Refusal> =>
  output.status === 'failed' ? ((output.failure.data ?? {}) as Partial<Refusal>) : {};

const phaseOf: Record<Stage, Phase> = {
  pre: 'initiation',
  mid: 'execution',
  stream: 'execution',
  tool: 'execution',
  post: 'verification',
};

/** Failed for this reason; what was answered until then is partial. */
export function turnedDown(reason: Failure, before?: AgentOutput): AgentOutput {
  const { stage = 'mid' } = (reason.data ?? {}) as Partial<Refusal>;
  const said = before?.status === 'completed' ? before.answer : before?.partial;
  return {
    status: 'failed',
    failure: reason,
    phase: phaseOf[stage],
    ...(said === undefined ? {} : { partial: said }),
    evidence: before === undefined || before.status === 'cancelled' ? [] : before.evidence,
    usage: before?.usage ?? nothingUsed,
  };
}

/** Work that was stopped. Where it was merely called off and had ended in the same moment, its end stands. */
export function stopped(ending: Ending, before?: AgentOutput): AgentOutput {
  if (ending.how === 'refused') return turnedDown(ending.failure, before);
  return before ?? { status: 'cancelled', reason: ending.reason, usage: nothingUsed };
}

/** How what is supervised ended, whatever kind of thing it is. */
export function endOf({ type, output, error }: { type: string; output?: unknown; error?: unknown }): AgentOutput {
  if (type.startsWith('xstate.error.')) return turnedDown(failureOf(error));
  const end = output as AgentOutput | RunOutput | undefined;
  if (end && 'turns' in end) return ofRun(end);
  return end?.status === undefined
    ? turnedDown(failure('internal', 'What is guarded must end as an agent does, and it ended with something else.'))
    : end;
}

function ofRun(end: RunOutput): AgentOutput {
  const { usage } = end;
  if (end.status === 'completed')
    return { status: 'completed', answer: { type: 'text', body: end.result }, evidence: [], usage };
  const partial = end.partial ? { partial: { type: end.partial.type, body: end.partial.body } } : {};
  if (end.status === 'cancelled') return { status: 'cancelled', reason: end.reason, ...partial, usage };
  return { status: 'failed', failure: end.failure, phase: 'execution', ...partial, evidence: [], usage };
}
