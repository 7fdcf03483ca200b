/**
 * Budgets. Before a model call its expected cost is reserved, afterwards the true cost is charged.
 * The next call is expected to cost as much as the latest one, so a hard limit is exceeded by one call at most.
 */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import { makeFailure } from '../failure.ts';
import type { AgentContext } from './context.ts';
import { totalTokens } from '../usage.ts';
import { rounding } from '../treasury/ledger.ts';

const least = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/** The lower of both limits, for each kind. */
export const lowerBudget = (budget: Budget, allowance: Budget | undefined): Budget =>
  allowance === undefined
    ? budget
    : {
        steps: least(budget.steps, allowance.steps),
        tokens: least(budget.tokens, allowance.tokens),
        usd: least(budget.usd, allowance.usd),
        toolCalls: least(budget.toolCalls, allowance.toolCalls),
      };

type Funds = Pick<AgentContext, 'used' | 'latest' | 'allowance'>;

/** The failure of the first limit that leaves no room for another model call; undefined when there is room. */
export function exhaustedFailure({ used, latest, allowance }: Funds, budget: Budget): Failure | undefined {
  const { steps, tokens, usd } = lowerBudget(budget, allowance);
  if (steps !== undefined && used.steps >= steps) return budgetSpentFailure('steps', used.steps, steps);
  if (tokens !== undefined && totalTokens(used) + latest.tokens >= tokens)
    return budgetSpentFailure('tokens', totalTokens(used), tokens);
  if (usd !== undefined && used.usd !== null && (used.usd >= usd || used.usd + latest.usd > usd + rounding('usd')))
    return budgetSpentFailure('usd', used.usd, usd);
  return undefined;
}

export const hasNoCallsLeft = ({ used, allowance }: Funds, budget: Budget): boolean =>
  used.toolCalls >= (lowerBudget(budget, allowance).toolCalls ?? Infinity);

/** What is left of a budget, divided into equal shares; only the kinds that are limited. */
export function remainingShare(budget: Budget, used: AgentUsage, shares: number): Budget {
  const left = (what: keyof Budget, spent: number) => {
    const limit = budget[what];
    if (limit === undefined) return {};
    const share = Math.max(0, limit - spent) / shares;
    return { [what]: what === 'usd' ? share : Math.floor(share) };
  };
  return {
    ...left('steps', used.steps),
    ...left('tokens', totalTokens(used)),
    ...left('usd', used.usd ?? 0),
    ...left('toolCalls', used.toolCalls),
  };
}

/** Whether some kind is used up to its soft limit, which is this share of the budget. */
export function isAtSoftLimit({ used, allowance }: Funds, budget: Budget, share: number): boolean {
  const { steps, tokens, usd, toolCalls } = lowerBudget(budget, allowance);
  return (
    used.steps > 0 &&
    ((steps !== undefined && used.steps >= steps * share) ||
      (tokens !== undefined && totalTokens(used) >= tokens * share) ||
      (usd !== undefined && used.usd !== null && used.usd >= usd * share) ||
      (toolCalls !== undefined && used.toolCalls >= toolCalls * share))
  );
}

export const budgetSpentFailure = (what: keyof Budget | 'time', used: number, limit: number): Failure =>
  makeFailure(
    'budget',
    `The budget of ${limit} ${what} leaves no room for another step (used: ${used}). Raise it, or make the task smaller.`,
    {
      what,
      used,
      limit,
    },
  );

export const unknownPriceFailure = (model: string): Failure =>
  makeFailure(
    'budget',
    `The price of ${model} is not known, and there is a budget in US dollars. Add its price, or set allowUnknownPrice.`,
    {
      model,
    },
  );
