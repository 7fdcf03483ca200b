/** The leases of runs in SQLite: one owner per run, under an epoch that only rises (J3). */
import { toFailure } from '../../values/failure.ts';
import { corruptJournal, shortDigest } from '../chain.ts';
import type { RunLease, RunLeases } from '../journal.ts';
import { fencedError, ownedElsewhereError } from '../refusals.ts';
import type { SqliteDriver } from './database.ts';
import { actorLookup } from './lookup.ts';
import { sqliteOwners } from './owners.ts';
import type { RememberedRows } from './remembered.ts';
import type { ClaimColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

const claimDigest = ({ run, epoch, owner, until }: RunLease): string =>
  shortDigest(run, String(epoch), owner, String(until));

function leaseIn({ run, epoch, owner, until, sum }: ClaimColumns): RunLease {
  const lease = { run: String(run), owner: String(owner), epoch: Number(epoch), until: Number(until) };
  if (sum !== null && sum !== claimDigest(lease))
    throw corruptJournal(`the lease of the run ${run} is not what was written`);
  return lease;
}

/** The rows of the table `claims`. */
export function leaseRows(db: SqliteDriver) {
  const select = db.prepare<ClaimColumns>('SELECT run, epoch, owner, until, sum FROM claims WHERE run = ?');
  const upsert = db.prepare(
    'INSERT INTO claims (run, epoch, owner, until, sum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner, until = excluded.until, sum = excluded.sum',
  );
  return {
    get(run: string): RunLease | undefined {
      const found = select.get(run);
      return found && leaseIn(found);
    },
    put: (lease: RunLease) => void upsert.run(lease.run, lease.epoch, lease.owner, lease.until, claimDigest(lease)),
  };
}

/** Reads the lease of a run; undefined when it was never claimed. A run that has actors was claimed: without a lease it throws `corrupt`. */
export function leaseReader(db: SqliteDriver): (run: string) => RunLease | undefined {
  const { get } = leaseRows(db);
  const { requireNoActors } = actorLookup(db);
  return (run) => {
    const found = get(run);
    if (!found) requireNoActors(run, 'the lease of its run is gone');
    return found;
  };
}

/** Throws `fenced` unless a run is owned under this epoch. Called within a transaction. */
export function ownerCheck(db: SqliteDriver, { leases }: RememberedRows): (run: string, epoch: number) => void {
  const leaseOf = leaseReader(db);
  return (run, epoch) => {
    const known = leases.get(run);
    const current = known ?? leaseOf(run);
    if (current?.epoch !== epoch) throw fencedError(run, epoch, current?.epoch);
    if (!known) leases.set(run, current);
  };
}

/** Stores the lease of a run that is new, within the transaction of its first commit; false when there is none to store. Throws `fenced` when another process has claimed the run all the same. */
export function newLeaseWriter(
  db: SqliteDriver,
  { claimed, unstored, leases }: RememberedRows,
): (run: string, epoch: number) => boolean {
  const { get, put } = leaseRows(db);
  return (run, epoch) => {
    const lease = claimed.get(run);
    if (lease?.epoch !== epoch) return false;
    const stored = unstored.delete(run) ? undefined : get(run);
    if (stored && stored.owner !== lease.owner) throw fencedError(run, epoch, stored.epoch);
    put(lease);
    leases.set(run, lease);
    return true;
  };
}

/** The part of a journal that grants leases. */
export function sqliteLeases({ db, writes }: SqliteStore): RunLeases {
  const leaseOf = leaseReader(db);
  const { get, put } = leaseRows(db);
  const { claimed, unstored } = writes.remembered;
  const owners = sqliteOwners(db, leaseRows(db), claimed);

  /** The lease of a run as it is stored, or as it will be with the first commit of the run. `isTaken`: another process has claimed a run that was new here. */
  function heldOf(run: string, read = leaseOf): { readonly held: RunLease | undefined; readonly isTaken: boolean } {
    const stored = writes.remembered.leases.get(run) ?? read(run);
    const lease = claimed.get(run);
    const isTaken = stored !== undefined && lease !== undefined && stored.owner !== lease.owner;
    if (isTaken && lease.until > 0) {
      // Kept until it is given back: both have the same epoch.
      claimed.set(run, { ...lease, until: 0 });
      owners.onClaimed(lease.owner, -1);
    }
    return { held: stored ?? lease, isTaken };
  }

  /**
   * Of a new run, which has no actors. False also where what is read does not fit together: another process may begin the run between two reads, and what is damaged
   * is found in the transaction of the claim.
   */
  function isFree(run: string): boolean {
    try {
      return heldOf(run, get).held === undefined;
    } catch (thrown) {
      if (toFailure(thrown).kind === 'corrupt') return false;
      throw thrown;
    }
  }

  // An empty text for every run: libsql cannot bind a single null.
  const ofActiveRuns = db.prepare<ClaimColumns>(
    `SELECT claims.run, owner, epoch, until, sum FROM claims JOIN actors ON actors.run = claims.run AND actors.parent IS NULL AND actors.status = 'active'
     WHERE claims.run = coalesce(nullif(?, ''), claims.run) ORDER BY claims.run`,
  );

  /** Writes a change of a lease, and counts it once it is stored. */
  async function change(
    run: string,
    changed: (held: RunLease | undefined, isTaken: boolean) => RunLease | undefined,
    isLater = false,
  ): Promise<void> {
    let count = () => {};
    const write = () => {
      const { leases, beginnings } = writes.remembered;
      const { held, isTaken } = heldOf(run);
      const lease = changed(held, isTaken);
      count = () => {};
      if (!lease) return;
      put(lease);
      leases.set(run, lease);
      if (!held) beginnings.add(run);
      const counted = owners.onChange(held, lease);
      count = () => {
        claimed.delete(run);
        unstored.delete(run);
        counted();
      };
    };
    await (isLater ? writes.addLater(write) : writes.add(write));
    count();
  }

  return {
    async claim(run, owner, { now, ttl, alive, isNew = false }) {
      let epoch = 1;
      if (isNew && isFree(run)) {
        claimed.set(run, { run, epoch, owner, until: now + ttl });
        unstored.add(run);
        owners.onClaimed(owner, 1);
        return epoch;
      }
      await change(run, (held) => {
        const until = held && owners.endOf(held);
        if (held && until !== undefined && held.owner !== owner && until > now && (alive?.(held.owner) ?? true))
          throw ownedElsewhereError(run, { ...held, until });
        epoch = (held?.epoch ?? 0) + 1;
        return { run, epoch, owner, until: now + ttl };
      });
      return epoch;
    },
    async renew(run, epoch, until) {
      let isHeld = false;
      await change(run, (held, isTaken) => {
        isHeld = held?.epoch === epoch && !isTaken;
        return held && isHeld ? { ...held, until } : undefined;
      });
      return isHeld;
    },
    async renewAll(owner, until) {
      let count = () => 0;
      await writes.add(() => {
        count = owners.renew(owner, until);
      });
      return count();
    },
    release: (run, epoch, why) =>
      change(
        run,
        (held, isTaken) => (held?.epoch === epoch && held.until > 0 && !isTaken ? { ...held, until: 0 } : undefined),
        why === 'ended',
      ),
    async claims({ run, owner, expiredAt = Infinity } = {}) {
      const endOf = owners.ends();
      return ofActiveRuns
        .all(run ?? '')
        .map(leaseIn)
        .map((lease) => ({ ...lease, until: endOf(lease) }))
        .filter((lease) => (owner === undefined || lease.owner === owner) && lease.until <= expiredAt);
    },
  };
}
