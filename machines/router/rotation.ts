/** The rotation: a member that fails too often by its own fault is taken out for a while, and comes back with one task on trial. */
import type { Failure } from '../../src/values/failure.ts';
import { callVerdict, withCall } from '../../src/contracts/health.ts';
import type { QueuedTask } from './context.ts';
import { restTimerId, taskIdOf, updateRotationEntry, rotationEntryAt, type RouterDraft } from './draft.ts';
import { makeFailure, refusalOfFailure } from '../failure.ts';
import type { Task } from '../../src/contracts/task.ts';
import { isOwnFault } from './failures.ts';
import { eligibleMembers, isInRotation } from './strategy.ts';

/** An attempt has ended. `reason` is undefined when it ended with an answer. */
export function recordAttempt(draft: RouterDraft, member: number, reason: Failure | undefined): void {
  const { maxFailures, within, rest } = draft.settings.rotation;
  const { busy, failures, since, trial, outUntil } = rotationEntryAt(draft, member);
  const { at } = draft.eventContext;
  recordHealth(draft, member, reason);
  if (reason === undefined)
    return updateRotationEntry(draft, member, { busy: busy - 1, failures: 0, trial: false, why: '' });
  // The task, or a guardrail on the way, was to blame: that counts neither for nor against the member.
  if (!isOwnFault(reason)) return updateRotationEntry(draft, member, { busy: busy - 1 });
  const isFirst = failures === 0 || at - since > within;
  const count = isFirst ? 1 : failures + 1;
  const isOut = outUntil === null && (trial || count >= maxFailures);
  updateRotationEntry(draft, member, {
    busy: busy - 1,
    failures: count,
    since: isFirst ? at : since,
    why: reason.message.slice(0, maxReason),
    ...(isOut ? { outUntil: rest === null ? Number.MAX_SAFE_INTEGER : at + rest, trial: false } : {}),
  });
  if (isOut && rest !== null) draft.actions.startTimer(restTimerId(member), { type: 'member.rested', member }, rest);
}

/** So much of a reason is kept for each member, in characters. */
const maxReason = 300;
/** So many members are named in a reason. */
const maxNamed = 3;

/** Why these members are all out of rotation: what each of the first few failed with. Undefined when one of them is in rotation. */
export function whyAllAreOut(draft: RouterDraft, members: readonly number[]): string | undefined {
  const entries = members.map((member) => rotationEntryAt(draft, member));
  if (entries.length === 0 || entries.some(isInRotation)) return undefined;
  const named = entries.slice(0, maxNamed).map(({ id, why }) => `"${id}": ${why || 'for no known reason'}`);
  const others = entries.length - named.length;
  return `All members that could have it have failed too often. ${named.join(' ')}${others > 0 ? ` So have ${others} others.` : ''}`;
}

/** The same for the members that a task may have. */
function whyNobodyTakes(draft: RouterDraft, task: Task): string | undefined {
  const may = eligibleMembers(draft.settings.strategy, draft.settings.members, task);
  return 'none' in may ? undefined : whyAllAreOut(draft, may.members);
}

/** The deadline of a task has passed while it waited; with the reason if it waited for members that rest. */
export function overdueFailure(draft: RouterDraft, entry: QueuedTask): Failure {
  const why = whyNobodyTakes(draft, entry.task);
  const passed = `The deadline of the task "${taskIdOf(entry)}" passed while it waited.`;
  return makeFailure('expired', why === undefined ? passed : `${passed} ${why}`);
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
