/** A claim that was refused is remembered, so that asking again costs the log nothing; what was remembered is forgotten as soon as it may be wrong. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/engine/clock.ts';
import { memoryReplica } from '../../../src/journal/replicated/memoryReplica.ts';
import { replicated } from '../../../src/journal/replicated/replicated.ts';
import { commitTime } from '../../../src/testing/suites/commit.ts';
import { SharedLog } from '../../../src/testing/world/sharedLog.ts';

const ttl = 60_000;
const options = { now: commitTime, ttl };

/** `holder` has the run; `mine` was refused it once. */
async function refused() {
  const log = new SharedLog();
  const open = () => replicated({ log: log.open(), replica: memoryReplica(), clock: systemClock() });
  const [holder, mine, third] = [await open(), await open(), await open()];
  await holder.claim('r', 'holder', options);
  const held = (owner: string, until: number) => ({ kind: 'owned_elsewhere', data: { owner, until } });
  await expect(mine.claim('r', 'me', options)).rejects.toMatchObject(held('holder', commitTime + ttl));
  /** Waits until this process has applied all that the others wrote. */
  const upToDate = () => mine.dropMail('none', 'none');
  return {
    log,
    holder,
    mine,
    third,
    held,
    upToDate,
    async [Symbol.asyncDispose]() {
      for (const journal of [holder, mine, third]) await journal[Symbol.asyncDispose]();
    },
  };
}

test('asked again while the lease holds, it is refused with the same words, and nothing is written', async () => {
  await using at = await refused();
  const { last } = at.log.standing;
  await expect(at.mine.claim('r', 'me', options)).rejects.toMatchObject(at.held('holder', commitTime + ttl));
  expect(at.log.standing.last).toBe(last);
});

test('once the holder has given the run back, it can be had at once', async () => {
  await using at = await refused();
  await at.holder.release('r', 1);
  await at.upToDate();
  expect(await at.mine.claim('r', 'me', options)).toBe(2);
});

test('once the lease has ended, it can be had at once, though nothing was written meanwhile', async () => {
  await using at = await refused();
  expect(await at.mine.claim('r', 'me', { now: commitTime + ttl + 1, ttl })).toBe(2);
});

test('once the holder has renewed its lease, whoever asks is told the new end', async () => {
  await using at = await refused();
  await at.holder.renew('r', 1, commitTime + 5 * ttl);
  await at.upToDate();
  await expect(at.mine.claim('r', 'me', options)).rejects.toMatchObject(at.held('holder', commitTime + 5 * ttl));
});

test('once a third process has the run, whoever asks is told its name', async () => {
  await using at = await refused();
  expect(await at.third.claim('r', 'third', { ...options, alive: () => false })).toBe(2);
  await at.upToDate();
  await expect(at.mine.claim('r', 'me', options)).rejects.toMatchObject(at.held('third', commitTime + ttl));
  // That the first holder is dead says nothing of the third one.
  const alive = (name: string) => name !== 'holder';
  await expect(at.mine.claim('r', 'me', { ...options, alive })).rejects.toMatchObject(
    at.held('third', commitTime + ttl),
  );
});

test('once the holder is known to be dead, its run can be had at once', async () => {
  await using at = await refused();
  expect(await at.mine.claim('r', 'me', { ...options, alive: () => false })).toBe(2);
});

test('the holder itself is never refused for what another claim of this process was told', async () => {
  await using at = await refused();
  expect(await at.mine.claim('r', 'holder', options)).toBe(2);
});
