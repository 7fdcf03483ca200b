/**
 * Judges the leases of other machines without trusting their clocks. A lease is over when it was given up; when this process has itself seen it stand still
 * for as long as a lease lasts; or when it has run out by so much that no clock can be wrong by it. Whatever is judged is checked again in the order of the
 * journal: a claim names what it saw, and a renewal that came before it refuses it.
 */
import type { Clock } from '../contracts/clock.ts';
import { toFailure } from '../contracts/failure.ts';
import type { Journal } from './journal.ts';

/** Clocks are no further apart than this, even one that is set to another hour or day; milliseconds. */
const apart = 24 * 3_600_000;
/** A lease lasts so long unless a claim says otherwise; milliseconds. */
const usual = 10_000;

interface Sight {
  readonly until: number;
  /** Since when it was seen to last until then, by our clock. */
  readonly since: number;
}

/** A journal that several machines write to. */
export function patient(journal: Journal, clock: Pick<Clock, 'now'>): Journal {
  const sights = new Map<string, Sight>();
  const see = (run: string, until: number) => {
    const before = sights.get(run);
    const isNew = before?.until !== until;
    const sight = isNew ? { until, since: clock.now() } : before;
    if (isNew) sights.set(run, sight);
    return sight;
  };
  const stoodStill = ({ since }: Sight, ttl: number) => clock.now() - since >= ttl;

  return {
    ...journal,
    async claim(run, owner, { now, ttl, ...more }) {
      const seen = sights.get(run);
      const judged = Math.max(now - apart, seen && stoodStill(seen, ttl) ? seen.until : -Infinity);
      try {
        const epoch = await journal.claim(run, owner, { ...more, now: judged, ttl: now + ttl - judged });
        sights.delete(run);
        return epoch;
      } catch (thrown) {
        const { kind, data } = toFailure(thrown);
        if (kind === 'owned_elsewhere') see(run, (data as { until: number }).until);
        throw thrown;
      }
    },
    async claims({ overAt, ...query } = {}) {
      const found = await journal.claims(query);
      if (overAt === undefined) return found;
      const over = found.filter(
        ({ run, until }) => until === 0 || until <= overAt - apart || stoodStill(see(run, until), usual),
      );
      if (Object.keys(query).length === 0) forget(new Set(found.map(({ run }) => run)));
      return over;
    },
  };

  /** Runs that have ended have no lease. */
  function forget(going: ReadonlySet<string>): void {
    for (const [run, { since }] of sights) if (!going.has(run) && clock.now() - since > apart) sights.delete(run);
  }
}
