/** The leases of runs in a journal in memory. */
import type { Journal, RunLease } from '../journal.ts';
import { fencedError, ownedElsewhereError } from '../refusals.ts';
import type { MemoryContents, MemoryLease } from './contents.ts';

/** The part of a journal about leases, and what the other parts ask of it. */
export interface MemoryLeases extends Pick<Journal, 'claim' | 'renew' | 'renewAll' | 'release' | 'claims'> {
  /** Throws `fenced` when the run is owned under another epoch. */
  requireOwner(run: string, epoch: number): void;
  /** Forgets the lease of a run that is deleted. */
  forget(run: string): void;
}

/** Leases over the contents of a journal, which it changes. */
export function memoryLeases({ claims, owners, activeRoots }: MemoryContents): MemoryLeases {
  /** When a lease ends, 0 when it was released: its owner may have extended all its leases. */
  const endOf = ({ owner, until }: MemoryLease) => (until === 0 ? 0 : Math.max(until, owners.get(owner)?.until ?? 0));

  const countHeld = (owner: string | undefined, change: number) => {
    if (owner === undefined) return;
    const known = owners.get(owner) ?? { held: 0, until: 0 };
    known.held += change;
    // Without a lease, the time until which all of them last is of no use, and must not hold for one that is claimed later.
    if (known.held <= 0) owners.delete(owner);
    else owners.set(owner, known);
  };

  /** Stores a lease. One that ends at 0 is held by nobody. */
  const putLease = (run: string, lease: MemoryLease) => {
    const [before, now] = [holderIn(claims.get(run)), holderIn(lease)];
    if (before !== now) {
      countHeld(before, -1);
      countHeld(now, 1);
    }
    claims.set(run, lease);
  };

  return {
    requireOwner(run, epoch) {
      const current = claims.get(run)?.epoch;
      if (current !== epoch) throw fencedError(run, epoch, current);
    },
    forget(run) {
      countHeld(holderIn(claims.get(run)), -1);
      claims.delete(run);
    },
    async claim(run, owner, { now, ttl, alive }) {
      const held = claims.get(run);
      const end = held ? endOf(held) : 0;
      if (held && held.owner !== owner && end > now && (alive?.(held.owner) ?? true))
        throw ownedElsewhereError(run, { ...held, until: end });
      const epoch = (held?.epoch ?? 0) + 1;
      putLease(run, { epoch, owner, until: now + ttl });
      return epoch;
    },
    async renew(run, epoch, until) {
      const held = claims.get(run);
      if (held?.epoch !== epoch) return false;
      putLease(run, { ...held, until });
      return true;
    },
    async renewAll(owner, until) {
      const known = owners.get(owner);
      if (known) known.until = until;
      return known?.held ?? 0;
    },
    async release(run, epoch) {
      const held = claims.get(run);
      if (held?.epoch === epoch) putLease(run, { ...held, until: 0 });
    },
    async claims({ run: only, owner, expiredAt = Infinity } = {}) {
      const found: RunLease[] = [];
      for (const run of only === undefined ? activeRoots.keys() : activeRoots.has(only) ? [only] : []) {
        const lease = claims.get(run);
        if (!lease || (owner !== undefined && lease.owner !== owner)) continue;
        const until = endOf(lease);
        if (until <= expiredAt) found.push({ run, ...lease, until });
      }
      return found.sort((a, b) => (a.run < b.run ? -1 : 1));
    },
  };
}

const holderIn = (lease: MemoryLease | undefined): string | undefined =>
  lease && lease.until > 0 ? lease.owner : undefined;
