/** What to do about a failure: for each kind the strategies in order, each bounded, and all of them together bounded once more. */
import type { AgentLimits } from '../../src/contracts/agent.ts';
import { backoff } from '../../src/contracts/backoff.ts';
import type { Failure, FailureKind } from '../../src/contracts/failure.ts';
import type { AgentContext } from './context.ts';
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

/** The moment of a failure: times are milliseconds since the epoch. */
export interface Setback {
  readonly at: number;
  /** In [0, 1). */
  readonly chance: number;
  /** When the whole run must have ended. */
  readonly deadline?: number;
}

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

type Facts = Pick<AgentContext, 'tries' | 'setback' | 'began'> & { readonly failure: Failure };

/** Milliseconds until it is tried again: drawn once, and never shorter than what the other side asked for. */
export const pauseOf = (
  { failure, tries, setback }: Omit<Facts, 'began'>,
  limits: AgentLimits,
  tried: number,
): number =>
  Math.max(
    failure.retryAfter ?? 0,
    backoff(tries.recoveries + tried, { first: limits.backoff, longest: limits.maxBackoff }, setback.chance),
  );

/** Would the pause end in time? What cannot be finished is not begun (E9). */
const isTimely = (facts: Facts, limits: AgentLimits): boolean => {
  const { at, deadline = Infinity } = facts.setback;
  return at + pauseOf(facts, limits, 1) < Math.min(deadline, facts.began + limits.deadline);
};

/** What failed says that it will not come back: trying again is no help, another resource may be. */
const isGone = ({ data }: Failure): boolean => (data as { gone?: unknown } | undefined)?.gone === true;

export function strategyFor(facts: Facts, limits: AgentLimits): Strategy | 'abort' {
  const { failure, tries } = facts;
  if (tries.recoveries >= limits.maxRecoveries) return 'abort';
  // What a guardrail has turned down stands: it is not for the agent to try until it gets through.
  if ((failure.data as Partial<Refusal> | null | undefined)?.refusedBy !== undefined) return 'abort';
  const row = strategies[failure.kind] ?? (failure.retryable ? ['retry'] : []);
  const mayRetry = !isGone(failure) && isTimely(facts, limits);
  return (
    row.find((strategy) => (strategy !== 'retry' || mayRetry) && tries[strategy] < caps(limits)[strategy]) ?? 'abort'
  );
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
