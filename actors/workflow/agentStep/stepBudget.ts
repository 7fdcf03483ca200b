/** Whether a call of the model may be made with what is left of the step's budget. */
import type { CallEstimate, FailedAttempts, ModelRequest } from '../../../src/contracts/model.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import type { KeptAgentTask, StepQuestion } from '../../../machines/workflow/agentStep/effectTypes.ts';
import type { ModelGateway } from '../../tools.ts';

/** A ten-millionth of a dollar is lost in sums. */
const rounding = 1e-7;

/** What is left of the step's budget, in US dollars; undefined when it has none. */
export const budgetLeft = ({ value: { budgetUsd } }: KeptAgentTask, { spent }: StepQuestion): number | undefined =>
  budgetUsd === undefined ? undefined : budgetUsd - spent + rounding;

/** Throws `budget` when the budget is spent, or when the call could cost more than what is left of it. */
export function requireBudget(
  { value: { budgetUsd, model } }: KeptAgentTask,
  { spent }: StepQuestion,
  request: ModelRequest,
  gateway: ModelGateway,
): void {
  if (budgetUsd === undefined) return;
  const most = spent >= budgetUsd ? 0 : costOf(gateway.estimate?.(model.group, request));
  if (spent < budgetUsd && spent + most <= budgetUsd + rounding) return;
  const next = most > 0 ? `, and the next call can cost ${most.toFixed(4)}` : '';
  throw new TroupeError(
    'budget',
    `budget_exceeded: ${spent.toFixed(4)} of ${budgetUsd} US dollars are spent${next}. Raise the budget, or lower max_tokens.`,
    { data: { code: 'budget_exceeded' } },
  );
}

/** Whether another attempt may be made after those that failed. */
export const mayAttempt =
  ({ value: { budgetUsd } }: KeptAgentTask, { spent }: StepQuestion) =>
  ({ usage }: FailedAttempts): boolean =>
    budgetUsd === undefined || spent + (usage.usd ?? 0) < budgetUsd;

/** The most that a call can cost; 0 while its price or its length is not known. */
const costOf = (estimate: CallEstimate | undefined): number => {
  const { price, inputTokens = 0, maxOutputTokens = 0 } = estimate ?? {};
  return price ? (inputTokens * price.input + maxOutputTokens * price.output) / 1e6 : 0;
};
