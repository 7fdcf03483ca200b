/** Computers whose clocks differ by ten minutes, on one journal: a renewed lease is never taken over, and an expired one is taken over soon. */
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory.ts';
import { skewSafeLeases } from '../../src/journal/replicated/skewSafeLeases.ts';

const ttl = 10_000;
/** Computers whose clocks have these offsets, in milliseconds. */
function computers(...errors: number[]) {
  const clock = virtualClock();
  const journal = memory();
  const members = errors.map((error) => {
    const now = () => clock.now() + error;
    const leases = skewSafeLeases(journal, { now });
    return {
      journal: leases as Journal,
      claim: (owner: string) => leases.claim('r', owner, { now: now(), ttl }),
      renew: (epoch: number) => leases.renew('r', epoch, now() + ttl),
      expired: async () => (await leases.claims({ expiredAt: now() })).map(({ run }) => run),
    };
  });
  return { clock, members };
}
async function commitOnce(journal: Journal, epoch: number) {
  const row = { run: 'r', actor: 'agent/r', type: 'agent', parent: undefined, status: 'active', state: 's' } as const;
  const columns = {
    tags: [],
    created: 0,
    updated: 0,
    seq: 1,
    meta: {},
    snapshot: {},
    event: { id: 'e', type: 'begin', body: null },
  };
  await journal.commit({ ...row, ...columns, epoch, opens: [], closes: [], results: [], appends: [] });
}
const refused = { kind: 'owned_elsewhere' };

test.each([600_000, -600_000, 7_200_000])(
  'a renewed lease cannot be taken over, by a clock that is %i ms ahead',
  async (error) => {
    const { clock, members } = computers(0, error);
    const [owner, other] = members as [(typeof members)[0], (typeof members)[0]];
    const epoch = await owner.claim('owner');
    await commitOnce(owner.journal, epoch);
    for (let n = 0; n < 20; n++) {
      expect(await other.expired()).toEqual([]);
      await expect(other.claim('other')).rejects.toMatchObject(refused);
      clock.advance(3_000);
      expect(await owner.renew(epoch)).toBe(true);
    }
    // When the owner dies, its run can be taken over after one lease duration.
    clock.advance(3_000);
    expect(await other.expired()).toEqual([]);
    await expect(other.claim('other')).rejects.toMatchObject(refused);
    clock.advance(ttl);
    expect(await other.expired()).toEqual(['r']);
    expect(await other.claim('other')).toBeGreaterThan(epoch);
    expect(await owner.renew(epoch)).toBe(false);
  },
);

test('a lease that was renewed since it was last read is not taken over, however long ago that was', async () => {
  const { clock, members } = computers(0, 0);
  const [owner, other] = members as [(typeof members)[0], (typeof members)[0]];
  const epoch = await owner.claim('owner');
  await expect(other.claim('other')).rejects.toMatchObject(refused);
  // The other process is frozen (SIGSTOP).
  clock.advance(2 * ttl);
  expect(await owner.renew(epoch)).toBe(true);
  await expect(other.claim('other')).rejects.toMatchObject(refused);
});

test('a released lease is free at once, and one that expired long ago is free for any process', async () => {
  const { clock, members } = computers(0, -600_000, 0);
  const [owner, behind, late] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0]];
  const epoch = await owner.claim('owner');
  await owner.journal.release('r', epoch);
  expect(await behind.claim('behind')).toBe(epoch + 1);
  clock.advance(25 * 3_600_000);
  expect(await late.claim('late')).toBe(epoch + 2);
});

test('the lease of a process that is known to be dead is free at once', async () => {
  const { members } = computers(0);
  await members[0]!.claim('owner');
  const options = { now: 1_700_000_000_000, ttl, alive: () => false };
  expect(await members[0]!.journal.claim('r', 'other', options)).toBe(2);
});
