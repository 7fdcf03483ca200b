/** What to do about a failure: for each kind the strategies in order, each bounded, and all of them together bounded once more. */
import type { AgentLimits } from '../../src/contracts/agent.ts';
import type { Failure, FailureKind } from '../../src/contracts/failure.ts';
import type { Refusal } from '../../src/contracts/work.ts';

export type Strategy = 'retry' | 'alternative' | 'fallback';

/** An empty row is an abort. What is not listed is retried when it says it may be, and aborts otherwise. */
export const strategies: Readonly<Partial<Record<FailureKind, readonly Strategy[]>>> = {
  transient: ['retry', 'fallback'],
  timeout: ['retry', 'alternative', 'fallback'],
  format: ['fallback'],
  denied: ['alternative'],
  tool: ['alternative', 'fallback'],
  internal: ['alternative'],
  environment: ['retry', 'fallback'],
  model: ['retry', 'fallback'],
  capability: [],
  budget: [],
  auth: [],
  unverified: [],
  uncertain: [],
  cancelled: [],
  expired: [],
};

export interface Tries {
  readonly retry: number;
  readonly alternative: number;
  readonly fallback: number;
  /** All of them, never forgotten. */
  readonly recoveries: number;
}

const caps = (limits: AgentLimits): Record<Strategy, number> => ({
  retry: limits.maxRetries,
  alternative: limits.maxAlternatives,
  fallback: limits.maxFallbacks,
});

export function strategyFor(
  { kind, retryable, data }: Pick<Failure, 'kind' | 'retryable' | 'data'>,
  tries: Tries,
  limits: AgentLimits,
): Strategy | 'abort' {
  if (tries.recoveries >= limits.maxRecoveries) return 'abort';
  // What a guardrail has turned down stands: it is not for the agent to try until it gets through.
  if ((data as Partial<Refusal> | null | undefined)?.refusedBy !== undefined) return 'abort';
  const row = strategies[kind] ?? (retryable ? ['retry'] : []);
  return row.find((strategy) => tries[strategy] < caps(limits)[strategy]) ?? 'abort';
}

/** Failures of a tool that the model is told like any other result, until there are too many in a row. The others are not for the model to mend. */
const forTheModel: readonly FailureKind[] = [
  'invalid',
  'denied',
  'tool',
  'timeout',
  'transient',
  'format',
  'internal',
  'capability',
  'unsupported',
  'conflict',
  'expired',
];
export const isObservation = (kind: FailureKind): boolean => forTheModel.includes(kind);
