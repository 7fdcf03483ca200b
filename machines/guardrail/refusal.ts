/** What a piece of work comes to: as it ended, turned down on the way, or stopped. What was said and used is never lost. */
import type { AgentOutput, Phase } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Refusal, Stage } from '../../src/contracts/work.ts';
import { nothingUsed } from '../agent/context.ts';
import { failure } from '../failure.ts';
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
