/** Why a run stands where it stands, told from its journal alone. */
import { expect, test } from 'vitest';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory.ts';
import type { Runtime } from '../../src/runtime.ts';
import { why } from '../../src/cli/why.ts';
import { commit } from '../contracts/journal.ts';
import { paperCli } from './cli.ts';

const runtimeOn = (journal: Journal) =>
  ({ journal, tickets: async () => [], async [Symbol.asyncDispose]() {} }) as unknown as Runtime;

async function begun(): Promise<Journal> {
  const journal = memory();
  await journal.claim('r', 'me', { now: 0, ttl: 1_000 });
  await journal.commit(commit({ actor: 'agent/r' }));
  return journal;
}

async function explain(journal: Journal): Promise<string> {
  const cli = paperCli({ open: async () => runtimeOn(journal) });
  expect(await why(cli, 'r', {})).toBe(0);
  return cli.printed();
}

test('the last step of an actor is told without reading those before it', async () => {
  const journal = await begun();
  for (let seq = 2; seq <= 50; seq++)
    await journal.commit(commit({ actor: 'agent/r', seq, event: { id: `e${seq}`, type: `step${seq}`, body: null } }));
  let read = 0;
  const history: Journal['history'] = async (query) => {
    const entries = await journal.history(query);
    read += entries.length;
    return entries;
  };
  expect(await explain({ ...journal, history })).toContain('since it got "step50" (step 50)');
  expect(read).toBe(1);
});
