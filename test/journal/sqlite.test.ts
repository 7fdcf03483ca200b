import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Journal } from '../../src/journal/journal.ts';
import { sqlite } from '../../src/journal/sqlite.ts';
import { describeJournal } from '../contracts/journal.ts';
import { drivers } from './drivers.ts';

for (const driver of drivers) {
  const paths = new WeakMap<Journal, string>();
  const open = async (path: string) => {
    const journal = await sqlite(path, { driver });
    paths.set(journal, path);
    return journal;
  };
  describeJournal(`sqlite (${driver})`, {
    open: () => open(join(mkdtempSync(join(tmpdir(), 'troupe-journal-')), 'j.db')),
    again: (journal) => open(paths.get(journal)!),
  });
}
