/** The leases of runs in SQLite: one owner per run, under an epoch that only rises (J3). */
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
export function ownerCheck(db: SqliteDriver, { epochs }: RememberedRows): (run: string, epoch: number) => void {
  const leaseOf = leaseReader(db);
  return (run, epoch) => {
    const current = epochs.get(run) ?? leaseOf(run)?.epoch;
    if (current !== epoch) throw fencedError(run, epoch, current);
    epochs.set(run, epoch);
  };
}

/** The part of a journal that grants leases. */
export function sqliteLeases({ db, writes }: SqliteStore): RunLeases {
  const leaseOf = leaseReader(db);
  const { put } = leaseRows(db);
  const owners = sqliteOwners(db, leaseRows(db));

  // An empty text for every run: libsql cannot bind a single null.
  const ofActiveRuns = db.prepare<ClaimColumns>(
    `SELECT claims.run, owner, epoch, until, sum FROM claims JOIN actors ON actors.run = claims.run AND actors.parent IS NULL AND actors.status = 'active'
     WHERE claims.run = coalesce(nullif(?, ''), claims.run) ORDER BY claims.run`,
  );

  /** Writes a change of a lease, and counts it once it is stored. */
  async function change(run: string, changed: (held: RunLease | undefined) => RunLease | undefined): Promise<void> {
    let count = () => {};
    await writes.add(() => {
      const held = leaseOf(run);
      const lease = changed(held);
      count = () => {};
      if (!lease) return;
      put(lease);
      writes.remembered.epochs.set(run, lease.epoch);
      count = owners.onChange(held, lease);
    });
    count();
  }

  return {
    async claim(run, owner, { now, ttl, alive }) {
      let epoch = 1;
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
      await change(run, (held) => {
        isHeld = held?.epoch === epoch;
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
    release: (run, epoch) =>
      change(run, (held) => (held?.epoch === epoch && held.until > 0 ? { ...held, until: 0 } : undefined)),
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
