/** The output of a piece of work that a guardrail rejected or stopped. What was answered and used until then is kept. */
import type { AgentOutput, Phase } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Refusal, GuardrailStage } from '../../src/contracts/work.ts';
import { zeroUsage } from '../usage.ts';
import { makeFailure, refusalOfFailure } from '../failure.ts';
import type { StopDecision } from './context.ts';
import type { Rejection } from './rules.ts';

/** The failure of a rejection; its `data` is a `Refusal`. */
export function guardrailRefusal(
  name: string,
  stage: GuardrailStage,
  { kind, reason, retryAfter }: Rejection,
): Failure {
  return {
    ...makeFailure(kind, `The guardrail "${name}" rejected it (${stage}): ${reason}.`),
    retryable: kind === 'transient' || kind === 'timeout',
    ...(retryAfter === undefined ? {} : { retryAfter }),
    data: { refusedBy: name, stage, reason },
  };
}

/** Which guardrail or router refused the work; undefined when it was not refused. */
export const refusalOfOutput = (output: AgentOutput): Refusal | undefined =>
  output.status === 'failed' ? refusalOfFailure(output.failure) : undefined;

const phaseOf: Record<GuardrailStage, Phase> = {
  pre: 'initiation',
  mid: 'execution',
  stream: 'execution',
  tool: 'execution',
  post: 'verification',
};

/** Failed for this reason. What was answered until then is partial. */
export function rejectedOutput(reason: Failure, before?: AgentOutput): AgentOutput {
  const stage = refusalOfFailure(reason)?.stage ?? 'mid';
  const said = before?.status === 'completed' ? before.answer : before?.partial;
  return {
    status: 'failed',
    failure: reason,
    phase: phaseOf[stage],
    ...(said === undefined ? {} : { partial: said }),
    evidence: before === undefined || before.status === 'cancelled' ? [] : before.evidence,
    usage: before?.usage ?? zeroUsage,
  };
}

/** Work that was stopped. If it was cancelled and had ended at the same time, its own end stands. */
export function stoppedOutput(ending: StopDecision, before?: AgentOutput): AgentOutput {
  if (ending.how === 'refused') return rejectedOutput(ending.failure, before);
  return before ?? { status: 'cancelled', reason: ending.reason, usage: zeroUsage };
}
