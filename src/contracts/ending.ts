/** How a child that did not succeed came to its end: one word for whoever supervises, routes or reads. */
import type { Phase } from './agent.ts';
import type { Failure, FailureKind } from './failure.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** `restarts`: it failed more often than its supervisor allows. `dead-lettered`: nobody took what it was to be told. */
export const endings = ['failed', 'timed-out', 'cancelled', 'over-budget', 'dead-lettered', 'restarts'] as const;
export type Ending = (typeof endings)[number];

const byKind: Readonly<Partial<Record<FailureKind, Ending>>> = {
  timeout: 'timed-out',
  expired: 'timed-out',
  cancelled: 'cancelled',
  budget: 'over-budget',
  unknown_recipient: 'dead-lettered',
  unknown_message: 'dead-lettered',
  mailbox_full: 'dead-lettered',
  restarts: 'restarts',
};

/** The ending that a failure stands for. */
export function endingOf({ kind, data }: Pick<Failure, 'kind' | 'data'>): Ending {
  // A deadline of one's own is a budget of time.
  if (kind === 'budget' && factsOf(data).what === 'time') return 'timed-out';
  return byKind[kind] ?? 'failed';
}

/** The member that failed. */
export interface Whose {
  readonly member: string;
  /** Where it failed, when it could still say so. */
  readonly phase?: Phase;
}

/** The failure of a team because of one of its members: the same, and its `data` says whose, how and where. */
export const memberFailure = (failure: Failure, { member, phase }: Whose): Failure => ({
  ...failure,
  data: { ...factsOf(failure.data), member, ended: endingOf(failure), ...(phase === undefined ? {} : { phase }) },
});

/** What is no object keeps its place beside the others. */
const factsOf = (data: Failure['data']): JsonObject => {
  if (data === undefined || data === null) return {};
  return isJsonObject(data) ? data : { facts: data };
};
