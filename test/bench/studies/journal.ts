/** The journal alone: loading an actor costs the same however long its history is. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { compare, per } from './measure.ts';

const loads = 200;

export async function journal(): Promise<void> {
  await using store = await sqlite(join(mkdtempSync(join(tmpdir(), 'troupe-bench-')), 'j.db'));
  await store.claim('r', 'me', { now: 0, ttl: 1 });
  const lengths = [100, 1_000, 10_000];
  for (const length of lengths) {
    const at = (seq: number) => commitFor({ actor: `agent/n${length}`, seq, appends: [{ list: 'said', entry: seq }] });
    await Promise.all(Array.from({ length }, (_, n) => store.commit(at(n + 1))));
  }
  await compare(
    'an actor loaded again',
    lengths.map((length) => ({
      name: `after ${length} commits`,
      run: () =>
        per(loads, async () => {
          for (let n = 0; n < loads; n++) await store.load(`agent/n${length}`);
        }),
    })),
  );
}
