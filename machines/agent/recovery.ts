/** What to do about a failure: for each kind the strategies in order, each with a bound, and one more bound on all of them together. */
import type { AgentLimits } from '../../src/contracts/agent.ts';
import { backoff } from '../../src/values/backoff.ts';
import type { Failure, FailureKind } from '../../src/values/failure.ts';
import { refusalOfFailure } from '../failure.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import type { AgentContext } from './context.ts';

export type RecoveryStrategy = 'retry' | 'alternative' | 'fallback';

/** An empty row means abort. A kind that is not listed is retried if the failure is retryable, and aborts otherwise. */
export const recoveryStrategies: Readonly<Partial<Record<FailureKind, readonly RecoveryStrategy[]>>> = {
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

const maxCounts = (limits: AgentLimits): Record<RecoveryStrategy, number> => ({
  retry: limits.maxRetries,
  alternative: limits.maxAlternatives,
  fallback: limits.maxFallbacks,
});

type Facts = Pick<AgentContext, 'tries' | 'setback' | 'began'> & { readonly failure: Failure };

/** Milliseconds until the next try. The random number was drawn once, and the pause is never shorter than the failure's `retryAfter`. */
export const retryPause = (
  { failure, tries, setback }: Omit<Facts, 'began'>,
  limits: AgentLimits,
  tried: number,
): number =>
  Math.max(
    failure.retryAfter ?? 0,
    backoff(tries.recoveries + tried, { first: limits.backoff, longest: limits.maxBackoff }, setback.chance),
  );

/** Whether the pause would end before the deadline: a retry that cannot be finished is not begun (E9). */
const isTimely = (facts: Facts, limits: AgentLimits): boolean => {
  const { at, deadline = Infinity } = facts.setback;
  return at + retryPause(facts, limits, 1) < Math.min(deadline, facts.began + limits.deadline);
};

/** The resource is gone for good, so a retry cannot help; another resource may. */
const isGone = ({ data }: Failure): boolean => propertiesOf(data).gone === true;

/** The first strategy that this kind of failure allows and that is not used up; `abort` when there is none. */
export function recoveryFor(facts: Facts, limits: AgentLimits): RecoveryStrategy | 'abort' {
  const { failure, tries } = facts;
  if (tries.recoveries >= limits.maxRecoveries) return 'abort';
  // The decision of a guardrail stands: the agent must not try until it gets through.
  if (refusalOfFailure(failure) !== undefined) return 'abort';
  const strategies = recoveryStrategies[failure.kind] ?? (failure.retryable ? ['retry'] : []);
  const mayRetry = !isGone(failure) && isTimely(facts, limits);
  return (
    strategies.find(
      (strategy) => (strategy !== 'retry' || mayRetry) && tries[strategy] < maxCounts(limits)[strategy],
    ) ?? 'abort'
  );
}

/** Failures of a tool that the model is shown like any other result, until there are too many in a row. It cannot correct the others. */
const observableKinds: readonly FailureKind[] = [
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
export const isObservation = (kind: FailureKind): boolean => observableKinds.includes(kind);
