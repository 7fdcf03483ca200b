/**
 * The common lease of an owner in SQLite: one row of `claims` extends all leases of the owner, so its cost does not depend on how many there are.
 * `epoch` of that row counts the runs that other owners have taken from it. While the number is the same, the owner has what it claimed and did not release;
 * when it has changed, its leases are counted anew.
 */
import type { RunLease } from '../journal.ts';
import type { SqliteDriver } from './database.ts';

/** The key of an owner's row. No run has such an id. */
const keyOf = (owner: string): string => `@${owner}`;

/** Rows of owners that renewed nothing for so many milliseconds are removed: their processes ended. */
const forgottenAfter = 24 * 3_600_000;

/** The rows of the table `claims`, as they are read and written. */
interface LeaseRows {
  get(run: string): RunLease | undefined;
  put(lease: RunLease): void;
}

/** What one process knows of an owner in it. */
interface Held {
  /** How many leases it has. */
  count: number;
  /** How many runs had been taken from it when they were counted. */
  readonly taken: number;
}

/** The owners of leases. Call it within the transaction that reads or writes the leases. `claimed`: leases that are counted, and not stored yet. */
export function sqliteOwners(db: SqliteDriver, { get, put }: LeaseRows, claimed: ReadonlyMap<string, RunLease>) {
  const countOf = db.prepare<{ readonly n: number }>(
    `SELECT count(*) AS n FROM claims WHERE owner = ? AND until > 0 AND run NOT LIKE '@%'`,
  );
  const removeOld = db.prepare(`DELETE FROM claims WHERE run > '@' AND run < 'A' AND until < ?`);
  const known = new Map<string, Held>();
  const unstored = (owner: string): number =>
    [...claimed.values()].filter((lease) => lease.owner === owner && !get(lease.run)).length;

  /** When a lease ends; 0 when it was released. */
  const endOf = ({ owner, until }: RunLease): number =>
    until === 0 ? 0 : Math.max(until, get(keyOf(owner))?.until ?? 0);

  return {
    endOf,

    /** As `endOf`, for a list of leases: each owner is read once. */
    ends(): (lease: RunLease) => number {
      const ends = new Map<string, number>();
      return (lease) => {
        const { owner, until } = lease;
        if (until === 0) return 0;
        const end = ends.get(owner) ?? endOf({ ...lease, until: 1 });
        ends.set(owner, end);
        return Math.max(until, end);
      };
    },

    /** A lease is claimed that is stored later, or is no longer: it counts as one that is stored. */
    onClaimed(owner: string, more: 1 | -1): void {
      const held = known.get(owner);
      if (held) held.count += more;
    },

    /** A lease is changed. Returns what to call when that is stored. */
    onChange(before: RunLease | undefined, { owner, until }: RunLease): () => void {
      const [was, is] = [before && before.until > 0 ? before.owner : undefined, until > 0 ? owner : undefined];
      const loser = was !== undefined && is !== undefined && was !== is ? get(keyOf(was)) : undefined;
      if (loser) put({ ...loser, epoch: loser.epoch + 1 });
      const gained = Number(is === owner) - Number(was === owner);
      return () => {
        const held = known.get(owner);
        if (held) held.count += gained;
      };
    },

    /** Extends all leases of an owner. Returns what to call when that is stored: it tells how many they are. */
    renew(owner: string, until: number): () => number {
      const row = get(keyOf(owner));
      const taken = row?.epoch ?? 0;
      const before = known.get(owner);
      const isCounted = row !== undefined && before?.taken === taken;
      const counted = isCounted ? undefined : Number(countOf.get(owner)?.n) + unstored(owner);
      if (!row) removeOld.run(until - forgottenAfter);
      put({ run: keyOf(owner), owner, epoch: taken, until });
      return () => {
        if (counted !== undefined) known.set(owner, { count: counted, taken });
        return known.get(owner)?.count ?? 0;
      };
    },
  };
}
