/** The leases of runs in SQLite: one owner per run, under an epoch that only rises (J3). */
import type { RunLeases } from '../journal.ts';
import { ownedElsewhereError } from '../refusals.ts';
import type { ClaimColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The part of a journal that grants leases. */
export function sqliteLeases({ db, writes }: SqliteStore): RunLeases {
  const select = db.prepare<Omit<ClaimColumns, 'run'>>('SELECT epoch, owner, until FROM claims WHERE run = ?');
  const upsert = db.prepare(
    'INSERT INTO claims (run, epoch, owner, until) VALUES (?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner, until = excluded.until',
  );
  const extend = db.prepare('UPDATE claims SET until = ? WHERE run = ? AND epoch = ?');

  const ofActiveRuns = db.prepare<ClaimColumns>(
    `SELECT claims.run, owner, epoch, until FROM claims JOIN actors ON actors.run = claims.run AND actors.parent IS NULL AND actors.status = 'active'
     WHERE claims.run = coalesce(?, claims.run) AND owner = coalesce(?, owner) AND until <= ? ORDER BY claims.run`,
  );

  return {
    async claim(run, owner, { now, ttl, alive }) {
      let epoch = 1;
      await writes.add(() => {
        const held = select.get(run);
        if (held && held.owner !== owner && Number(held.until) > now && (alive?.(String(held.owner)) ?? true))
          throw ownedElsewhereError(run, held);
        epoch = Number(held?.epoch ?? 0) + 1;
        upsert.run(run, epoch, owner, now + ttl);
      });
      return epoch;
    },
    async renew(run, epoch, until) {
      let held = false;
      await writes.add(() => {
        held = select.get(run)?.epoch === epoch;
        if (held) extend.run(until, run, epoch);
      });
      return held;
    },
    release: (run, epoch) => writes.add(() => void extend.run(0, run, epoch)),
    async claims({ run, owner, expiredAt = Number.MAX_SAFE_INTEGER } = {}) {
      return ofActiveRuns.all(run ?? null, owner ?? null, expiredAt).map(({ run, owner, epoch, until }) => ({
        run: String(run),
        owner: String(owner),
        epoch: Number(epoch),
        until: Number(until),
      }));
    },
  };
}
