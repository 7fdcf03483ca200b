import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import { built } from '../../built.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { journalSuite } from 'troupe/testing/suites';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { drivers } from './drivers.ts';
import { damageRecords } from './records.ts';

for (const driver of drivers) {
  const paths = new WeakMap<Journal, string>();
  const open = async (path: string) => {
    const journal = await sqlite(path, { driver });
    paths.set(journal, path);
    return journal;
  };
  journalSuite(`sqlite (${driver})`, {
    open: () => open(join(mkdtempSync(join(tmpdir(), 'troupe-journal-')), 'j.db')),
    again: (journal) => open(paths.get(journal)!),
    async damaged(journal, text) {
      const path = paths.get(journal)!;
      await journal[Symbol.asyncDispose]();
      const inRecords = await damageRecords(path, driver, (said) => said.includes(text));
      const file = readFileSync(path);
      expect(file.indexOf(text) + inRecords).toBeGreaterThanOrEqual(0);
      for (let at = file.indexOf(text); at >= 0; at = file.indexOf(text, at))
        file.writeUInt8(file.readUInt8(at) ^ 1, at);
      writeFileSync(path, file);
      return open(path);
    },
  });
}

describe.each(drivers)('sqlite on %s', (driver) => {
  const fresh = () => join(mkdtempSync(join(tmpdir(), 'troupe-journal-')), 'j.db');

  test('a commit that cannot be stored is refused alone: the others of its group are stored', async () => {
    await using journal = await sqlite(fresh(), { driver });
    await journal.claim('r', 'me', { now: 0, ttl: 1_000 });
    const results = await Promise.allSettled([
      journal.commit(commitFor({ actor: 'agent/a' })),
      journal.commit(commitFor({ actor: 'agent/b', snapshot: { n: 10n } as never })),
      journal.commit(commitFor({ actor: 'agent/c' })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await journal.find({})).map(({ actor }) => actor).sort()).toEqual(['agent/a', 'agent/c']);
  });

  test('a closed journal refuses at once', async () => {
    const journal = await sqlite(fresh(), { driver });
    await journal[Symbol.asyncDispose]();
    const refusal = { kind: 'storage', retryable: false, message: expect.stringContaining('closed') as string };
    await expect(journal.claim('r', 'me', { now: 0, ttl: 1_000 })).rejects.toMatchObject(refusal);
    await expect(journal.commit(commitFor())).rejects.toMatchObject(refusal);
  });

  test('several processes may open a new file at once', async () => {
    const path = fresh();
    const script = `import { sqlite } from ${JSON.stringify(built('src/journal/sqlite/sqlite.ts'))};
      for (let i = 0; i < 15; i++) await (await sqlite(${JSON.stringify(path)} + i, { driver: ${JSON.stringify(driver)} }))[Symbol.asyncDispose]();`;
    const run = promisify(execFile);
    const all = [1, 2, 3].map(() => run(process.execPath, ['--input-type=module', '-e', script]));
    await expect(Promise.all(all)).resolves.toHaveLength(3);
  });
});
