/** How long runs are kept after their end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { agent, openRuntime, type Runtime, type RuntimeOptions } from 'troupe';
import { scriptedModel, virtualClock } from 'troupe/testing';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import { commitFor } from '../../src/testing/suites/commit.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-keep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const fresh = () => join(folder, `${files++}.db`);
const day = 24 * 60 * 60 * 1_000;

/** Ends so many runs, begins another one so many days later, and gives the runs that are still there. */
async function keptAfter(
  days: number,
  { env = {}, runs = 12, ...options }: Pick<RuntimeOptions, 'keep'> & { env?: Record<string, string>; runs?: number },
): Promise<string[]> {
  const db = fresh();
  const clock = virtualClock({ seed: 1 });
  const clerk = agent({ name: 'clerk', model: scriptedModel(() => ({ text: 'done' })) });
  const endRun = async (runtime: Runtime, key: string) => (await runtime.start(clerk, 'go', { key })).outcome();
  {
    await using runtime = await openRuntime({ db, clock, env: {}, keep: false });
    for (let n = 0; n < runs; n++) await endRun(runtime, `old-${n}`);
    // Has not ended, however long ago it moved.
    await runtime.journal.claim('going', 'me', { now: clock.now(), ttl: 1 });
    await runtime.journal.commit(commitFor({ run: 'going', actor: 'agent/going', updated: clock.now() }));
  }
  clock.advance(days * day);
  {
    await using runtime = await openRuntime({ db, clock, env, ...options });
    await endRun(runtime, 'new');
    // Nobody waits for it: each part takes a few turns of the event loop.
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  await using journal = await sqlite(db);
  return (await journal.find({ parent: null })).map(({ run }) => run).sort();
}

describe('a run that has ended', () => {
  test('is kept for thirty days when nothing is said, and is deleted when a run begins after them', async () => {
    expect(await keptAfter(29, {})).toHaveLength(14);
    expect(await keptAfter(31, {})).toEqual(['going', 'new']);
  });

  test('is kept as long as `keep` or TROUPE_KEEP says, also for ever', async () => {
    expect(await keptAfter(2, { keep: '1d' })).toEqual(['going', 'new']);
    expect(await keptAfter(99, { keep: '100d' })).toHaveLength(14);
    expect(await keptAfter(999, { keep: false })).toHaveLength(14);
    expect(await keptAfter(2, { env: { TROUPE_KEEP: '1d' } })).toEqual(['going', 'new']);
    expect(await keptAfter(999, { env: { TROUPE_KEEP: 'forever' } })).toHaveLength(14);
  });

  test('is not deleted by a process that only reads', async () => {
    const db = fresh();
    const clock = virtualClock({ seed: 1 });
    const clerk = agent({ name: 'clerk', model: scriptedModel(() => ({ text: 'done' })) });
    {
      await using runtime = await openRuntime({ db, clock, env: {} });
      await (await runtime.start(clerk, 'go', { key: 'old' })).outcome();
    }
    clock.advance(999 * day);
    await using runtime = await openRuntime({ db, clock, env: {} });
    await runtime.tickets();
    expect(await runtime.journal.find({ parent: null })).toHaveLength(1);
  });

  test('is kept for a time that is one: anything else is refused', async () => {
    await expect(openRuntime({ db: fresh(), env: { TROUPE_KEEP: 'a while' } })).rejects.toMatchObject({
      kind: 'definition',
      message: expect.stringMatching(/duration/) as string,
    });
  });
});
