/** Who is in rotation: a member that fails too often by its own fault rests, and comes back with one task on trial. */
import type { Failure } from '../../src/contracts/failure.ts';
import { verdict, withCall } from '../../src/contracts/health.ts';
import { restOf, seat, type Desk } from './desk.ts';
import { isOwnFault, refusalIn } from './failures.ts';

/** An attempt has ended; undefined: with an answer. */
export function judge(desk: Desk, member: number, reason: Failure | undefined): void {
  const { maxFailures, within, rest } = desk.settings.rotation;
  const { busy, failures, since, trial, outUntil } = desk.facts.seats[member]!;
  const { at } = desk.moment;
  note(desk, member, reason);
  if (reason === undefined) return seat(desk, member, { busy: busy - 1, failures: 0, trial: false });
  // Neither for nor against it: the task, or somebody on the way, was to blame.
  if (!isOwnFault(reason)) return seat(desk, member, { busy: busy - 1 });
  const isFirst = failures === 0 || at - since > within;
  const count = isFirst ? 1 : failures + 1;
  const isOut = outUntil === null && (trial || count >= maxFailures);
  seat(desk, member, {
    busy: busy - 1,
    failures: count,
    since: isFirst ? at : since,
    ...(isOut ? { outUntil: rest === null ? Number.MAX_SAFE_INTEGER : at + rest, trial: false } : {}),
  });
  if (isOut && rest !== null) desk.deeds.alarm(restOf(member), { type: 'member.rested', member }, rest);
}

/** What was turned down on the way says nothing of the member. */
function note(desk: Desk, member: number, reason: Failure | undefined): void {
  const says = reason && refusalIn(reason) ? undefined : verdict('agent', reason);
  if (says === undefined) return;
  const { recent } = desk.facts.seats[member]!;
  seat(desk, member, { recent: withCall(recent, { at: desk.moment.at, well: says === 'well' }) });
}

/** Back in rotation, with one task until that went well. It is tried as if it were well: otherwise it never would be. */
export const rested = (desk: Desk, member: number): void => {
  seat(desk, member, { outUntil: null, trial: true, recent: [] });
  desk.facts.due = true;
};

/** Everybody is back, and nothing is held against them. */
export function absolve(desk: Desk): void {
  for (const member of desk.facts.seats.keys()) desk.deeds.calm(restOf(member));
  desk.facts.seats = desk.facts.seats.map((each) => ({
    ...each,
    failures: 0,
    outUntil: null,
    trial: false,
    recent: [],
  }));
  desk.facts.due = true;
}
