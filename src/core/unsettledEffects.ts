/** Writes down what was asked for when an effect is closed without a result: a retry of the run finds it again by that, and by nothing else. */
import { unsettledList, type UnsettledEffect } from '../contracts/unsettledEffect.ts';
import type { Commit } from '../contracts/commit.ts';
import type { Pending } from '../contracts/pending.ts';
import type { StateChange } from './toCommit.ts';

/** The entries for pendings that are closed without a result. */
export const unsettledEntries = (closed: readonly Pending[]): Commit['appends'] =>
  closed.flatMap(({ kind, key, data }) => {
    if (kind !== 'effect') return [];
    const entry: UnsettledEffect = { key, name: data.src, input: data.input };
    return [{ list: unsettledList, entry }];
  });

/** The same change with an entry for each effect that it closes and that gave no result. */
export function withUnsettledEffects(change: StateChange, pending: (key: string) => Pending | undefined): StateChange {
  const { closes = [], appends = [], event } = change;
  // The end of an effect is an event with its key: that one has its result in the ledger.
  if (closes.every((key) => key === event.id)) return change;
  const closed = closes.flatMap((key) => (key === event.id ? [] : (pending(key) ?? [])));
  const entries = unsettledEntries(closed);
  return entries.length === 0 ? change : { ...change, appends: [...appends, ...entries] };
}
