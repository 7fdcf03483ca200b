/** The context of a fan-out: what is under way, and what can begin. Results are in its list. */
import { noMetrics } from '../../../src/contracts/workflow/metrics.ts';
import type { StepEnd, StepMetrics } from '../../../src/contracts/workflow/step.ts';
import { reservedUsd, type StepAttempts, type StepUnderway } from '../context.ts';
import type { FanOutInput, ItemsRequest, StepDispatch } from '../effectTypes.ts';
import { failedStep } from '../stepEnds.ts';
import { runningChildren } from '../updates.ts';

/** The context of a fan-out. */
export interface FanOutContext {
  /** What it starts with, until it is in the list `start`. */
  readonly start: FanOutInput | undefined;
  readonly step: string;
  readonly budgetUsd: number | undefined;
  /** How many items there are, and how many at once; undefined until the list was read. */
  readonly total: number | undefined;
  readonly concurrency: number;
  /** How many items were taken from the list. */
  readonly taken: number;
  /** Further attempts of an item, and the first pause in milliseconds. */
  readonly retry: StepDispatch['retry'] | undefined;
  /** By the number of the item. */
  readonly running: Readonly<Record<string, StepUnderway>>;
  /** Earlier attempts, by the number of the item. */
  readonly attempts: Readonly<Record<string, StepAttempts>>;
  /** Items that wait for their next attempt, and those whose wait is over. */
  readonly resting: readonly string[];
  readonly due: readonly string[];
  /** How many results the list has. */
  readonly records: number;
  readonly metrics: StepMetrics;
  readonly end: StepEnd | undefined;
}

/** The context of a fan-out that begins. */
export const initialFanOutContext = (input: FanOutInput): FanOutContext => ({
  start: input,
  step: input.step,
  budgetUsd: input.budgetUsd,
  total: undefined,
  concurrency: 1,
  taken: 0,
  retry: undefined,
  running: {},
  attempts: {},
  resting: [],
  due: [],
  records: 0,
  metrics: noMetrics,
  end: undefined,
});

/** What is neither spent nor reserved, in US dollars; undefined without a limit. */
export const unreservedUsd = ({ budgetUsd, metrics, running }: FanOutContext): number | undefined =>
  budgetUsd === undefined ? undefined : Math.max(0, budgetUsd - metrics.cost_usd - reservedUsd({ running }));

/** The items that can begin now: those that are due again, then the next ones of the list. */
export function requestFrom(context: FanOutContext): ItemsRequest {
  const { step, taken, total, concurrency, due } = context;
  const running = runningChildren(context).length;
  const left = unreservedUsd(context);
  return {
    step,
    from: taken,
    // How many at once is known with the first answer.
    count: total === undefined ? firstItems : concurrency - running,
    again: due.map(Number),
    running,
    ...(left === undefined ? {} : { budgetUsd: left }),
  };
}

/** So many items at most are begun before it is known how many may run at once. */
const firstItems = 16;

/** How the step ended, with what its items used. */
export const fanOutEnd = ({ end, metrics }: FanOutContext): StepEnd =>
  end
    ? { ...end, metrics }
    : failedStep(
        { kind: 'internal', message: 'The items ended without a result.', retryable: false },
        'internal',
        metrics,
      );
