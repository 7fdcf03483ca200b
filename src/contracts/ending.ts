/** How a child that did not succeed ended, in one word for its supervisor, router or reader. */
import type { Phase } from './agent.ts';
import type { Failure, FailureKind } from '../values/failure.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';

/** `restarts`: it failed more often than its supervisor allows. `dead-lettered`: no actor took the message. */
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
  // An agent or a team that ran out of its own time fails with kind `budget` and `what: 'time'`.
  if (kind === 'budget' && factsOf(data).what === 'time') return 'timed-out';
  return byKind[kind] ?? 'failed';
}

/** The member that failed. */
export interface FailedMember {
  readonly member: string;
  /** The phase in which it failed, when it is known. */
  readonly phase?: Phase;
}

/** The failure of a team because of one of its members: the same failure, whose `data` names the member, how it ended and in which phase. */
export const memberFailure = (failure: Failure, { member, phase }: FailedMember): Failure => ({
  ...failure,
  data: { ...factsOf(failure.data), member, ended: endingOf(failure), ...(phase === undefined ? {} : { phase }) },
});

/** Data that is no object is kept as `facts`. */
const factsOf = (data: Failure['data']): JsonObject => {
  if (data === undefined || data === null) return {};
  return isJsonObject(data) ? data : { facts: data };
};
