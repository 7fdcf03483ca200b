/** Computers whose clocks differ by ten minutes, on one journal: a renewed lease is never taken over, and an expired one is taken over soon. */
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory.ts';
import { skewSafeLeases } from '../../src/journal/replicated/skewSafeLeases.ts';

const ttl = 10_000;
/** Computers whose clocks have these offsets, in milliseconds. */
function machines(...errors: number[]) {
  const clock = virtualClock();
  const journal = memory();
  const made = errors.map((error) => {
    const now = () => clock.now() + error;
    const seen = skewSafeLeases(journal, { now });
    return {
      journal: seen as Journal,
      claim: (owner: string) => seen.claim('r', owner, { now: now(), ttl }),
      renew: (epoch: number) => seen.renew('r', epoch, now() + ttl),
      over: async () => (await seen.claims({ overAt: now() })).map(({ run }) => run),
    };
  });
  return { clock, made };
}
async function begun(journal: Journal, epoch: number) {
  const row = { run: 'r', actor: 'agent/r', type: 'agent', parent: undefined, status: 'active', state: 's' } as const;
  const facts = {
    tags: [],
    created: 0,
    updated: 0,
    seq: 1,
    meta: {},
    snapshot: {},
    event: { id: 'e', type: 'begin', body: null },
  };
  await journal.commit({ ...row, ...facts, epoch, opens: [], closes: [], results: [], appends: [] });
}
const refused = { kind: 'owned_elsewhere' };

test.each([600_000, -600_000, 7_200_000])(
  'a renewed lease cannot be taken over, by a clock that is %i ms ahead',
  async (error) => {
    const { clock, made } = machines(0, error);
    const [owner, other] = made as [(typeof made)[0], (typeof made)[0]];
    const epoch = await owner.claim('owner');
    await begun(owner.journal, epoch);
    for (let n = 0; n < 20; n++) {
      expect(await other.over()).toEqual([]);
      await expect(other.claim('other')).rejects.toMatchObject(refused);
      clock.advance(3_000);
      expect(await owner.renew(epoch)).toBe(true);
    }
    // When the owner dies, its run can be taken over after one lease duration.
    clock.advance(3_000);
    expect(await other.over()).toEqual([]);
    await expect(other.claim('other')).rejects.toMatchObject(refused);
    clock.advance(ttl);
    expect(await other.over()).toEqual(['r']);
    expect(await other.claim('other')).toBeGreaterThan(epoch);
    expect(await owner.renew(epoch)).toBe(false);
  },
);

test('a lease that was renewed since it was last read is not taken over, however long ago that was', async () => {
  const { clock, made } = machines(0, 0);
  const [owner, other] = made as [(typeof made)[0], (typeof made)[0]];
  const epoch = await owner.claim('owner');
  await expect(other.claim('other')).rejects.toMatchObject(refused);
  // The other process is frozen (SIGSTOP).
  clock.advance(2 * ttl);
  expect(await owner.renew(epoch)).toBe(true);
  await expect(other.claim('other')).rejects.toMatchObject(refused);
});

test('a released lease is free at once, and one that expired long ago is free for any process', async () => {
  const { clock, made } = machines(0, -600_000, 0);
  const [owner, behind, late] = made as [(typeof made)[0], (typeof made)[0], (typeof made)[0]];
  const epoch = await owner.claim('owner');
  await owner.journal.release('r', epoch);
  expect(await behind.claim('behind')).toBe(epoch + 1);
  clock.advance(25 * 3_600_000);
  expect(await late.claim('late')).toBe(epoch + 2);
});

test('the lease of a process that is known to be dead is free at once', async () => {
  const { made } = machines(0);
  await made[0]!.claim('owner');
  const options = { now: 1_700_000_000_000, ttl, alive: () => false };
  expect(await made[0]!.journal.claim('r', 'other', options)).toBe(2);
});
