/** The leases of runs in SQLite: one owner per run, under an epoch that only rises (J3). */
import { corruptJournal, shortDigest } from '../chain.ts';
import type { RunLease, RunLeases } from '../journal.ts';
import { fencedError, ownedElsewhereError } from '../refusals.ts';
import type { SqliteDriver } from './database.ts';
import { actorLookup } from './lookup.ts';
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

/** Reads the lease of a run; undefined when it was never claimed. A run that has actors was claimed: without a lease it throws `corrupt`. */
export function leaseReader(db: SqliteDriver): (run: string) => RunLease | undefined {
  const select = db.prepare<ClaimColumns>('SELECT run, epoch, owner, until, sum FROM claims WHERE run = ?');
  const { requireNoActors } = actorLookup(db);
  return (run) => {
    const found = select.get(run);
    if (found) return leaseIn(found);
    requireNoActors(run, 'the lease of its run is gone');
    return undefined;
  };
}

/** Throws `fenced` unless a run is owned under this epoch. */
export function ownerCheck(db: SqliteDriver): (run: string, epoch: number) => void {
  const leaseOf = leaseReader(db);
  return (run, epoch) => {
    const current = leaseOf(run)?.epoch;
    if (current !== epoch) throw fencedError(run, epoch, current);
  };
}

/** The part of a journal that grants leases. */
export function sqliteLeases({ db, writes }: SqliteStore): RunLeases {
  const leaseOf = leaseReader(db);
  const upsert = db.prepare(
    'INSERT INTO claims (run, epoch, owner, until, sum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner, until = excluded.until, sum = excluded.sum',
  );
  const put = (lease: RunLease) =>
    void upsert.run(lease.run, lease.epoch, lease.owner, lease.until, claimDigest(lease));

  // An empty text for every run: libsql cannot bind a single null.
  const ofActiveRuns = db.prepare<ClaimColumns>(
    `SELECT claims.run, owner, epoch, until, sum FROM claims JOIN actors ON actors.run = claims.run AND actors.parent IS NULL AND actors.status = 'active'
     WHERE claims.run = coalesce(nullif(?, ''), claims.run) ORDER BY claims.run`,
  );

  return {
    async claim(run, owner, { now, ttl, alive }) {
      let epoch = 1;
      await writes.add(() => {
        const held = leaseOf(run);
        if (held && held.owner !== owner && held.until > now && (alive?.(held.owner) ?? true))
          throw ownedElsewhereError(run, held);
        epoch = (held?.epoch ?? 0) + 1;
        put({ run, epoch, owner, until: now + ttl });
      });
      return epoch;
    },
    async renew(run, epoch, until) {
      let isHeld = false;
      await writes.add(() => {
        const held = leaseOf(run);
        isHeld = held?.epoch === epoch;
        if (held && isHeld) put({ ...held, until });
      });
      return isHeld;
    },
    release: (run, epoch) =>
      writes.add(() => {
        const held = leaseOf(run);
        if (held?.epoch === epoch) put({ ...held, until: 0 });
      }),
    async claims({ run, owner, expiredAt = Infinity } = {}) {
      return ofActiveRuns
        .all(run ?? '')
        .map(leaseIn)
        .filter((lease) => (owner === undefined || lease.owner === owner) && lease.until <= expiredAt);
    },
  };
}
