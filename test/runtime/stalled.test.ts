/** The disk of the journal is full while a run goes on: it says so, waits, and goes on by itself with nothing lost. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { systemClock } from '../../src/engine/clock.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import { openSqliteDriver } from '../../src/journal/sqlite/driver.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { standingsOf } from '../../src/runtime/standing.ts';
import { logger } from '../../src/observe/logger.ts';
import { progress } from '../../src/observe/progress.ts';
import type { Inspection } from '../../src/contracts/inspection.ts';

const texts = () => {
  const written: string[] = [];
  return { write: (text: string) => void written.push(text), text: () => written.join('') };
};

/** Ways in which a write fails for a time. */
const troubles = {
  'no space': async (path: string) => {
    const db = await openSqliteDriver(path);
    const maxPages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
    db.close();
    return sqlite(path, { maxPages });
  },
  'disk error': async (path: string) => {
    const journal = await sqlite(path);
    const commit = () =>
      Promise.reject(new TroupeError('storage', 'EIO', { retryable: true, data: { reason: 'disk error' } }));
    return { ...journal, commit, commitAll: commit };
  },
  'read-only': async (path: string) => {
    const [journal, db] = [await sqlite(path), await openSqliteDriver(path)];
    db.exec('PRAGMA query_only = ON');
    const commit = async () => db.exec('CREATE TABLE refused (x)');
    return {
      ...journal,
      commit,
      commitAll: commit,
      async [Symbol.asyncDispose]() {
        db.close();
        await journal[Symbol.asyncDispose]();
      },
    };
  },
};

test.each(Object.entries(troubles))(
  'a run whose journal has %s says that it is stalled, and goes on when that is over',
  async (reason, trouble) => {
    const path = join(mkdtempSync(join(tmpdir(), 'troupe-stalled-')), 'j.db');
    await using usual = await sqlite(path);
    let inTrouble: Awaited<ReturnType<typeof sqlite>> | undefined;
    const journal: typeof usual = {
      ...usual,
      commit: (commit) => (inTrouble ?? usual).commit(commit),
      commitAll: async (commits) => (inTrouble ?? usual).commitAll?.(commits),
    };
    let performed = 0;
    const write = tool({
      name: 'publish',
      description: 'Publishes',
      effect: 'write',
      input: z.object({}),
      output: z.string(),
      run: async () => {
        performed++;
        inTrouble = await trouble(path);
        // It takes many pages, however it is stored: it cannot be compressed, and is not too long to stand in the record.
        return randomBytes(90_000).toString('base64');
      },
    });
    const model = scriptedModel([{ calls: [{ name: 'publish', input: {} }] }, { text: 'done' }]);
    await using runtime = await openRuntime({ journal });
    const [log, shown] = [texts(), texts()];
    const events: Inspection[] = [];
    runtime.observe((event) => void events.push(event));
    runtime.observe(logger({ out: log, terminal: true }).observe);
    using display = progress(shown, { name: 'publisher', clock: systemClock() });
    runtime.observe(display.observe);
    const run = await runtime.start(agent({ name: 'publisher', model, tools: [write] }), 'go');
    await expect.poll(() => events.some(({ type }) => type === 'stalled')).toBe(true);
    expect(log.text()).toContain(`stalled: ${reason}`);
    expect(shown.text()).toContain(`stalled: ${reason}`);
    const [root] = await journal.find({ run: run.id, parent: null });
    expect((await standingsOf(runtime, root ? [root] : [])).get(run.id)).toEqual({
      status: 'stalled',
      reason: expect.stringMatching(new RegExp(`^${reason}: `)) as string,
    });
    const over = inTrouble;
    inTrouble = undefined;
    await over?.[Symbol.asyncDispose]();
    expect(await run.outcome()).toMatchObject({ status: 'done', output: 'done' });
    expect(performed).toBe(1);
    expect(runtime.stallOf(run.id)).toBeUndefined();
    expect(log.text()).toMatch(/goes on after/);
    expect(shown.text()).toMatch(/goes on after/);
    // Once when it began and once when it was over, however often it was tried.
    expect(events.filter(({ type }) => type === 'stalled')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'continued')).toHaveLength(1);
  },
);
