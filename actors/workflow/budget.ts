/** The budget of a workflow: what is left is shared by the steps that begin together, and no step begins without any. */
import { noMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { DecideInput, StepDispatch, StepStart, WorkflowEnd } from '../../machines/workflow/effectTypes.ts';

type Spending = Pick<DecideInput, 'spentUsd' | 'reservedUsd'>;

/** The end of a workflow that has spent its budget; undefined while something is left. */
export function budgetFailure(budget: number | undefined, { spentUsd }: Spending): WorkflowEnd | undefined {
  if (budget === undefined || spentUsd < budget) return undefined;
  const failure = {
    kind: 'budget' as const,
    message: `The run has spent ${spentUsd} US dollars, and its budget is ${budget}. Raise model_policy.cost_budget_usd.`,
    retryable: false,
  };
  const end = { status: 'failed' as const, code: 'budget_exceeded', failure, metrics: noMetrics };
  return { output: end, step: end };
}

/**
 * Steps with their shares of what is neither spent nor reserved. Equal shares mean that together they cannot spend more than there is.
 * Steps that cost nothing have none; while there is nothing to share, steps that cost something wait.
 */
export function sharesOf(
  dispatch: readonly Omit<StepDispatch, 'reservedUsd'>[],
  budget: number | undefined,
  { spentUsd, reservedUsd }: Spending,
): readonly StepDispatch[] {
  if (budget === undefined) return dispatch;
  const costly = dispatch.filter(({ start }) => isCostly(start)).length;
  const left = budget - spentUsd - reservedUsd;
  const share = left / Math.max(1, costly);
  return dispatch.flatMap((each): StepDispatch[] => {
    if (!isCostly(each.start)) return [each];
    return left > 0 ? [{ ...each, start: withBudget(each.start, share), reservedUsd: share }] : [];
  });
}

/** Whether it may ask models. */
const isCostly = ({ kind }: StepStart): boolean => kind === 'agent' || kind === 'workflow' || kind === 'fanOut';

function withBudget(start: StepStart, budgetUsd: number): StepStart {
  if (start.kind === 'agent')
    return { ...start, input: { ...start.input, value: { ...start.input.value, budgetUsd } } };
  if (start.kind === 'workflow') return { ...start, input: { ...start.input, budgetUsd } };
  return start.kind === 'fanOut' ? { ...start, input: { ...start.input, budgetUsd } } : start;
}
