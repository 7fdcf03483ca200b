/** The rules that a guardrail decides by itself, as pure functions: may this work begin, may this result pass, how long may it take. */
import type { AgentOutput, AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { FailureKind } from '../../src/values/failure.ts';
import type { Work } from '../../src/contracts/work.ts';
import { lowerBudget } from '../agent/budget.ts';
import { totalTokens } from '../usage.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import { budgetKinds } from '../treasury/ledger.ts';
import { bucketWait } from './tokenBucket.ts';
import type { GuardrailContext } from './context.ts';
import type { GuardrailSettings, GuardrailRule } from './settings.ts';

/** Why work is rejected. `retryAfter` is in milliseconds. */
export interface Rejection {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly retryAfter?: number;
}

type Facts = Pick<GuardrailContext, 'buckets' | 'cancelled'>;

/** The key of the bucket that the work takes from. If the user's function throws or gives no text there is none, and the work is rejected. */
export function bucketKeyFor(rule: Extract<GuardrailRule, { kind: 'rateLimit' }>, work: Work): string | undefined {
  try {
    const key: unknown = rule.keyOf(work);
    return typeof key === 'string' ? key : undefined;
  } catch {
    return undefined;
  }
}

export function rejectedBefore(
  { rule }: GuardrailSettings,
  facts: Facts,
  work: Work,
  at: number,
): Rejection | undefined {
  switch (rule.kind) {
    case 'timeout':
      return tooLong(rule, work, at);
    case 'budget':
      return tooDear(rule, work);
    case 'rateLimit':
      return tooOften(rule, facts, work, at);
    case 'cancellation':
      return facts.cancelled === undefined
        ? undefined
        : { kind: 'cancelled', reason: `everything was cancelled: ${facts.cancelled}` };
    case 'asked':
      return undefined;
  }
}

function tooLong(
  { max, requireExplicit }: Extract<GuardrailRule, { kind: 'timeout' }>,
  { facts: { timeout, deadline } }: Work,
  at: number,
): Rejection | undefined {
  if (timeout === undefined && requireExplicit)
    return { kind: 'denied', reason: 'it says no timeout of its own, and one is required' };
  if (timeout !== undefined && max !== undefined && timeout > max)
    return { kind: 'denied', reason: `its timeout of ${timeout} ms is above the ${max} ms allowed` };
  if (deadline !== undefined && deadline <= at) return { kind: 'budget', reason: 'its deadline has passed' };
  return undefined;
}

function tooDear(
  { limits, requireExplicit, allowExhausted }: Extract<GuardrailRule, { kind: 'budget' }>,
  { facts, allowance = {}, lease }: Work,
): Rejection | undefined {
  const asked: Budget = { ...facts.budget, ...(facts.steps === undefined ? {} : { steps: facts.steps }) };
  // Work with a lease may ask for more before its first call.
  const usedUpKind =
    lease === undefined ? budgetKinds.find((what) => what !== 'toolCalls' && allowance[what] === 0) : undefined;
  if (usedUpKind && !allowExhausted) return { kind: 'budget', reason: `none of the ${usedUpKind} of its run are left` };
  for (const what of budgetKinds) {
    const limit = limits[what];
    if (limit === undefined) continue;
    const wanted = asked[what];
    if (facts.budget?.[what] === undefined && requireExplicit)
      return { kind: 'denied', reason: `it says no budget of ${what} of its own, and one is required` };
    if (wanted !== undefined && wanted > limit)
      return { kind: 'budget', reason: `its budget of ${wanted} ${what} is above the ${limit} allowed` };
  }
  return undefined;
}

function tooOften(
  rule: Extract<GuardrailRule, { kind: 'rateLimit' }>,
  { buckets }: Facts,
  work: Work,
  at: number,
): Rejection | undefined {
  const key = bucketKeyFor(rule, work);
  if (key === undefined) return { kind: 'denied', reason: 'its key could not be told: key(work) must give a text' };
  const wait = bucketWait(buckets, key, rule, at);
  if (wait === 0) return undefined;
  if (wait === Infinity)
    return { kind: 'transient', reason: 'too many keys are limited at once', retryAfter: rule.per };
  return { kind: 'transient', reason: `the rate for "${key}" is used up for the next ${wait} ms`, retryAfter: wait };
}

const usedOf = (usage: AgentUsage, what: keyof Budget): number | null =>
  what === 'tokens' ? totalTokens(usage) : usage[what];

/** What was used is checked again at the end: the last answer of a model may be longer than what was left. */
export function rejectedAfter({ rule }: GuardrailSettings, output: AgentOutput): Rejection | undefined {
  if (rule.kind !== 'budget') return undefined;
  const { limits } = rule;
  if (output.status === 'failed' && output.failure.kind === 'budget') {
    const { what, limit } = propertiesOf(output.failure.data);
    const kind = budgetKinds.find((each) => each === what);
    return kind !== undefined && limits[kind] !== undefined && limits[kind] === limit
      ? { kind: 'budget', reason: `the ${limits[kind]} ${kind} allowed were used up before it was done` }
      : undefined;
  }
  if (output.status !== 'completed') return undefined;
  for (const what of budgetKinds) {
    const limit = limits[what];
    const used = usedOf(output.usage, what);
    if (limit === undefined) continue;
    if (used === null)
      return { kind: 'budget', reason: `what it cost is not known, and at most ${limit} ${what} are allowed` };
    if (used > limit) return { kind: 'budget', reason: `it used ${used} ${what} of ${limit} allowed` };
  }
  return undefined;
}

/** How long the work may take, in milliseconds; undefined when this guardrail sets no limit. */
export function timeLimitFor({ rule }: GuardrailSettings, { facts: { timeout, deadline } }: Work, at: number) {
  if (rule.kind !== 'timeout') return undefined;
  const least = Math.min(rule.max ?? Infinity, timeout ?? Infinity, deadline === undefined ? Infinity : deadline - at);
  return Number.isFinite(least) ? Math.max(0, least) : undefined;
}

/** What work may use up within this guardrail's limits; undefined when nothing limits it. */
export const allowanceFor = (settings: GuardrailSettings, { allowance }: Work): Budget | undefined =>
  settings.rule.kind === 'budget' ? limitedBudget(settings, allowance) : allowance;

/** The budget, or this guardrail's limits where those are lower. */
export function limitedBudget({ rule }: GuardrailSettings, budget: Budget | undefined): Budget {
  if (rule.kind !== 'budget') return budget ?? {};
  const limits = Object.entries(lowerBudget(rule.limits, budget)).filter(([, limit]) => limit !== undefined);
  return Object.fromEntries(limits);
}
