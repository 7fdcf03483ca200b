/**
 * Decides whether leases of other machines have expired without trusting their clocks. A lease has expired when it was released; when this process has seen it
 * without a renewal for as long as a lease lasts; or when it ran out so long ago that no clock can be that wrong. The decision is checked again in the order of the
 * journal: a claim names the expiry it saw, and a renewal that is stored before it causes the claim to be refused.
 */
import type { Clock } from '../../values/clock.ts';
import type { Journal } from '../journal.ts';
import { leaseHolderIn } from '../refusals.ts';

/** The largest difference between two clocks, even when one is set to another hour or day; milliseconds. */
const maxSkew = 24 * 3_600_000;
/** How long a lease lasts where no claim gives another time; milliseconds. */
const defaultTtl = 10_000;

interface Observation {
  readonly until: number;
  /** When this process first saw that `until`, by its own clock. */
  readonly since: number;
}

/** Wraps a journal that several machines write to. */
export function skewSafeLeases(journal: Journal, clock: Pick<Clock, 'now'>): Journal {
  const observations = new Map<string, Observation>();
  const observe = (run: string, until: number) => {
    const before = observations.get(run);
    if (before?.until === until) return before;
    const observation = { until, since: clock.now() };
    observations.set(run, observation);
    return observation;
  };
  const isUnrenewed = ({ since }: Observation, ttl: number) => clock.now() - since >= ttl;

  return {
    ...journal,
    async claim(run, owner, { now, ttl, ...more }) {
      const seen = observations.get(run);
      // A lease until then or before counts as expired.
      const expiredAt = Math.max(now - maxSkew, seen && isUnrenewed(seen, ttl) ? seen.until : -Infinity);
      try {
        const epoch = await journal.claim(run, owner, { ...more, now: expiredAt, ttl: now + ttl - expiredAt });
        observations.delete(run);
        return epoch;
      } catch (thrown) {
        const holder = leaseHolderIn(thrown);
        if (holder) observe(run, holder.until);
        throw thrown;
      }
    },
    async claims({ expiredAt, ...query } = {}) {
      const found = await journal.claims(query);
      if (expiredAt === undefined) return found;
      const expired = found.filter(
        ({ run, until }) => until === 0 || until <= expiredAt - maxSkew || isUnrenewed(observe(run, until), defaultTtl),
      );
      if (Object.keys(query).length === 0) forget(new Set(found.map(({ run }) => run)));
      return expired;
    },
  };

  /** Drops the observations of runs that have ended: they have no lease any more. */
  function forget(active: ReadonlySet<string>): void {
    for (const [run, { since }] of observations)
      if (!active.has(run) && clock.now() - since > maxSkew) observations.delete(run);
  }
}
