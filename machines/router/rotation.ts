/** The rotation: a member that fails too often by its own fault is taken out for a while, and comes back with one task on trial. */
import type { Failure } from '../../src/values/failure.ts';
import { callVerdict, withCall } from '../../src/contracts/health.ts';
import { restTimerId, updateRotationEntry, rotationEntryAt, type RouterDraft } from './draft.ts';
import { refusalOfFailure } from '../failure.ts';
import { isOwnFault } from './failures.ts';

/** An attempt has ended. `reason` is undefined when it ended with an answer. */
export function recordAttempt(draft: RouterDraft, member: number, reason: Failure | undefined): void {
  const { maxFailures, within, rest } = draft.settings.rotation;
  const { busy, failures, since, trial, outUntil } = rotationEntryAt(draft, member);
  const { at } = draft.eventContext;
  recordHealth(draft, member, reason);
  if (reason === undefined) return updateRotationEntry(draft, member, { busy: busy - 1, failures: 0, trial: false });
  // The task, or a guardrail on the way, was to blame: that counts neither for nor against the member.
  if (!isOwnFault(reason)) return updateRotationEntry(draft, member, { busy: busy - 1 });
  const isFirst = failures === 0 || at - since > within;
  const count = isFirst ? 1 : failures + 1;
  const isOut = outUntil === null && (trial || count >= maxFailures);
  updateRotationEntry(draft, member, {
    busy: busy - 1,
    failures: count,
    since: isFirst ? at : since,
    ...(isOut ? { outUntil: rest === null ? Number.MAX_SAFE_INTEGER : at + rest, trial: false } : {}),
  });
  if (isOut && rest !== null) draft.actions.startTimer(restTimerId(member), { type: 'member.rested', member }, rest);
}

/** Notes the attempt for the member's health. A refusal on the way says nothing about the member. */
function recordHealth(draft: RouterDraft, member: number, reason: Failure | undefined): void {
  const verdict = reason && refusalOfFailure(reason) ? undefined : callVerdict('agent', reason);
  if (verdict === undefined) return;
  const { recent } = rotationEntryAt(draft, member);
  updateRotationEntry(draft, member, {
    recent: withCall(recent, { at: draft.eventContext.at, well: verdict === 'well' }),
  });
}

/** Back in rotation, on trial. Its health starts anew: otherwise it would never be chosen. */
export const backInRotation = (draft: RouterDraft, member: number): void => {
  updateRotationEntry(draft, member, { outUntil: null, trial: true, recent: [] });
  draft.context.due = true;
};

/** All members are back in rotation, without failures and with their health reset. */
export function resetRotation(draft: RouterDraft): void {
  for (const member of draft.context.seats.keys()) draft.actions.cancelTimer(restTimerId(member));
  draft.context.seats = draft.context.seats.map((each) => ({
    ...each,
    failures: 0,
    outUntil: null,
    trial: false,
    recent: [],
  }));
  draft.context.due = true;
}
