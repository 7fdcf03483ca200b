/** One write keeps all runs of a process (E4): its cost does not depend on how many wait, and a run that was lost is noticed all the same. */
import { describe, expect, test, vi } from 'vitest';
import { setup } from 'xstate';
import { Leases } from '../../src/engine/lease.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { commitFor } from '../../src/testing/suites/commit.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const ttl = 9_000;

/** A process with so many runs, on a journal that the test can change. */
async function processWith(runs: number, journal: Journal = memory()) {
  const clock = virtualClock();
  const lost: string[] = [];
  const leases = new Leases(journal, clock, { owner: 'me', ttl }, { lost: (run) => lost.push(run), released() {} });
  for (let n = 0; n < runs; n++) await leases.claim(`r${n}`);
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { clock, journal, leases, lost, advance };
}

describe('a process that holds many runs', () => {
  test('renews them with one write, however many they are', async () => {
    const { journal, leases, advance } = await processWith(1_000);
    const [renew, renewAll] = [vi.spyOn(journal, 'renew'), vi.spyOn(journal, 'renewAll')];
    for (let n = 0; n < 10; n++) await advance(ttl / 3);
    expect([renewAll.mock.calls.length, renew.mock.calls.length]).toEqual([10, 0]);
    expect(leases.isCurrent('r0')).toBe(true);
    expect((await journal.claim('r999', 'other', { now: 0, ttl }).catch(({ kind }) => kind)) as unknown).toBe(
      'owned_elsewhere',
    );
  });

  test('renews each by itself on a journal that cannot renew them together', async () => {
    const { renewAll: _, ...single } = memory();
    const { journal, leases, advance } = await processWith(3, single);
    const renew = vi.spyOn(journal, 'renew');
    for (let n = 0; n < 4; n++) await advance(ttl / 3);
    expect(renew).toHaveBeenCalledTimes(12);
    expect(leases.isCurrent('r2')).toBe(true);
  });

  test('notices at the next renewal which of them another process has, and keeps the others', async () => {
    const { clock, journal, leases, lost, advance } = await processWith(5);
    await journal.claim('r3', 'other', { now: clock.now() + ttl, ttl });
    await advance(ttl / 3);
    expect(lost).toEqual(['r3']);
    for (const run of ['r0', 'r1', 'r2', 'r4']) expect(leases.isCurrent(run)).toBe(true);
    const renew = vi.spyOn(journal, 'renew');
    await advance(ttl / 3);
    expect(renew).not.toHaveBeenCalled();
  });

  test('notices a lost run also while it claims another one', async () => {
    const { clock, journal, leases, lost, advance } = await processWith(2);
    await journal.claim('r1', 'other', { now: clock.now() + ttl, ttl });
    const { claim, renewAll } = journal;
    let answer = () => {};
    // The journal has stored the claim, and the process learns of it after the renewal.
    journal.claim = async (...args) => {
      const epoch = await claim(...args);
      await new Promise<void>((resolve) => (answer = resolve));
      return epoch;
    };
    journal.renewAll = async (owner, until) => (await renewAll?.(owner, until)) ?? 0;
    const claiming = leases.claim('r2');
    await advance(ttl / 3);
    answer();
    await claiming;
    await advance(ttl / 3);
    expect(lost).toEqual(['r1']);
    expect(['r0', 'r2'].map((run) => leases.isCurrent(run))).toEqual([true, true]);
  });

  test('holds no run for certain when it stood still, and asks before it goes on', async () => {
    const { clock, journal, leases, lost } = await processWith(2);
    const { renew, renewAll } = journal;
    journal.renewAll = () => new Promise(() => {});
    clock.advance(ttl);
    await journal.claim('r1', 'other', { now: clock.now(), ttl });
    expect(['r0', 'r1'].map((run) => leases.isCurrent(run))).toEqual([false, false]);
    expect([await leases.confirm('r0'), await leases.confirm('r1')]).toEqual([true, false]);
    expect(lost).toEqual(['r1']);
    Object.assign(journal, { renew, renewAll });
  });

  test('asks again when the answer to a renewal came after the leases that it renewed had ended', async () => {
    const { clock, journal, leases, lost, advance } = await processWith(2);
    const renewAll = vi.spyOn(journal, 'renewAll').mockImplementationOnce(async () => {
      await Promise.resolve();
      clock.advance(2 * ttl);
      await journal.claim('r1', 'other', { now: clock.now(), ttl });
      return 2;
    });
    await advance(ttl / 3);
    expect(renewAll.mock.calls.length).toBeGreaterThan(1);
    expect(lost).toEqual(['r1']);
    expect(leases.isCurrent('r0')).toBe(true);
  });

  test('gives back a run whose claim was stored without its knowledge, so that another process can take it', async () => {
    const { clock, journal, leases, lost, advance } = await processWith(1);
    const { claim } = journal;
    journal.claim = async (...args) => {
      await claim(...args);
      throw new TroupeError('storage', 'The journal gave no answer.');
    };
    await expect(leases.claim('stray')).rejects.toMatchObject({ kind: 'storage' });
    journal.claim = claim;
    await journal.commit(commitFor({ run: 'stray', actor: 'agent/stray' }));
    await advance(ttl / 3);
    expect(await journal.claim('stray', 'other', { now: clock.now(), ttl })).toBe(2);
    await advance(ttl / 3);
    expect([lost, leases.isCurrent('r0')]).toEqual([[], true]);
  });

  test('loses all of them when the journal has ended its lease, and can claim them again under its name', async () => {
    const { journal, leases, lost, advance } = await processWith(3);
    const { renew, renewAll } = journal;
    // Another process took this one for dead, and nobody has claimed its runs yet.
    journal.renew = async () => false;
    journal.renewAll = async () => 0;
    await advance(ttl / 3);
    expect([lost, leases.size]).toEqual([['r0', 'r1', 'r2'], 0]);
    expect(() => leases.epoch('r0')).toThrow(expect.objectContaining({ kind: 'fenced' }) as Error);
    Object.assign(journal, { renew, renewAll });
    await leases.claim('r1');
    expect(leases.epoch('r1')).toBe(2);
    for (let n = 0; n < 3; n++) await advance(ttl / 3);
    expect(leases.isCurrent('r1')).toBe(true);
  });
});

test('a run that cannot go on in its process is given back at once, so that another process can try', async () => {
  const waiting = type(
    setup({}).createMachine({ id: 'waiting', initial: 'on', states: { on: { on: { go: 'off' } }, off: {} } }),
  );
  const testProcess = new TestProcess({ idle: 1_000 });
  const address = await testProcess.start(waiting);
  const { load } = testProcess.journal;
  for (let n = 0; n < 4; n++) await testProcess.advance(1_000);
  expect(testProcess.host.actor(address) === undefined).toBe(true);
  // What is stored of the actor cannot be read in this process.
  testProcess.journal.load = () => Promise.reject(new TroupeError('corrupt', 'It is not what was written.'));
  await testProcess.signal(address, { type: 'go' }).catch(() => {});
  expect(testProcess.host.owns('r1')).toBe(false);
  expect(testProcess.host.whyLost('r1')).toMatchObject({ kind: 'corrupt' });
  testProcess.journal.load = load;
  const other = testProcess.startProcess();
  await other.host.resume('r1', waiting);
  expect(other.host.owns('r1')).toBe(true);
});
