/** The rotation: a member that fails too often by its own fault is taken out for a while, and comes back with one task on trial. */
import type { Failure } from '../../src/values/failure.ts';
import { verdict, withCall } from '../../src/contracts/health.ts';
import { restOf, seat, seatAt, type Desk } from './draft.ts';
import { refusalIn } from '../failure.ts';
import { isOwnFault } from './failures.ts';

/** An attempt has ended. `reason` is undefined when it ended with an answer. */
export function judge(draft: Desk, member: number, reason: Failure | undefined): void {
  const { maxFailures, within, rest } = draft.settings.rotation;
  const { busy, failures, since, trial, outUntil } = seatAt(draft, member);
  const { at } = draft.moment;
  note(draft, member, reason);
  if (reason === undefined) return seat(draft, member, { busy: busy - 1, failures: 0, trial: false });
  // The task, or a guardrail on the way, was to blame: that counts neither for nor against the member.
  if (!isOwnFault(reason)) return seat(draft, member, { busy: busy - 1 });
  const isFirst = failures === 0 || at - since > within;
  const count = isFirst ? 1 : failures + 1;
  const isOut = outUntil === null && (trial || count >= maxFailures);
  seat(draft, member, {
    busy: busy - 1,
    failures: count,
    since: isFirst ? at : since,
    ...(isOut ? { outUntil: rest === null ? Number.MAX_SAFE_INTEGER : at + rest, trial: false } : {}),
  });
  if (isOut && rest !== null) draft.deeds.alarm(restOf(member), { type: 'member.rested', member }, rest);
}

/** Notes the attempt for the member's health. A refusal on the way says nothing about the member. */
function note(draft: Desk, member: number, reason: Failure | undefined): void {
  const says = reason && refusalIn(reason) ? undefined : verdict('agent', reason);
  if (says === undefined) return;
  const { recent } = seatAt(draft, member);
  seat(draft, member, { recent: withCall(recent, { at: draft.moment.at, well: says === 'well' }) });
}

/** Back in rotation, on trial. Its health starts anew: otherwise it would never be chosen. */
export const rested = (draft: Desk, member: number): void => {
  seat(draft, member, { outUntil: null, trial: true, recent: [] });
  draft.facts.due = true;
};

/** All members are back in rotation, without failures and with their health reset. */
export function absolve(draft: Desk): void {
  for (const member of draft.facts.seats.keys()) draft.deeds.calm(restOf(member));
  draft.facts.seats = draft.facts.seats.map((each) => ({
    ...each,
    failures: 0,
    outUntil: null,
    trial: false,
    recent: [],
  }));
  draft.facts.due = true;
}
