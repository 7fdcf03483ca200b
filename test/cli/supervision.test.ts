/** `runs why` and `graph` show the restarts of a team and their limit. */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { graphCommand } from '../../src/cli/commands/graph.ts';
import { whyCommand } from '../../src/cli/commands/why.ts';
import { restartList, type Restart } from '../../src/contracts/restart.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { commitFor } from '../../src/testing/suites/commit.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { fakeCli } from './fakeCli.ts';

const fixture = (name: string) => resolve(import.meta.dirname, 'fixtures', name);
const now = virtualClock().now();
const restart = (at: number): Restart => ({
  at,
  by: 'run/r',
  how: 'fresh',
  kind: 'internal',
  strategy: 'rest-for-one',
  maxRestarts: 3,
  within: 60_000,
});

async function journalWith(...kept: Restart[]): Promise<Journal> {
  const journal = memory();
  await journal.claim('r', 'me', { now: 0, ttl: 1_000 });
  await journal.commit(commitFor({ actor: 'run/r', type: 'run' }));
  const appends = kept.map((entry) => ({ list: restartList, entry: entry as never }));
  await journal.commit(commitFor({ actor: 'writer/r.1', type: 'writer', parent: 'run/r', appends }));
  return journal;
}
const cliOn = (journal: Journal) =>
  fakeCli({
    cwd: import.meta.dirname,
    env: { TROUPE_DB: 'memory' },
    open: async () => ({ journal, tickets: async () => [], async [Symbol.asyncDispose]() {} }) as unknown as Runtime,
  });

test('"runs why" shows how many restarts count, and how many are allowed', async () => {
  const cli = cliOn(await journalWith(restart(now - 70_000), restart(now - 10_000), restart(now - 5_000)));
  expect(await whyCommand(cli, 'r', {})).toBe(0);
  expect(cli.outputText()).toContain(
    'Its children were restarted: 2 count now (rest-for-one, at most 3 restarts within 1m 0s).',
  );
});

test('"graph" of a team shows its restart strategy and its limits', async () => {
  const cli = cliOn(memory());
  expect(await graphCommand(cli, fixture('desk.ts'), { set: [] })).toBe(0);
  expect(cli.outputText()).toContain('one-for-one, at most 3 restarts within 1m 0s"');
});

test('"graph --run" shows the restarts of a run and its working members', async () => {
  const cli = cliOn(await journalWith(restart(now - 10_000)));
  expect(await graphCommand(cli, fixture('desk.ts'), { set: [], run: 'r' })).toBe(0);
  expect(cli.outputText()).toMatch(/at most 3 restarts within 1m 0s#58; 1 by now/);
  expect(cli.outputText()).toContain('writer (at work)');
});

test('"graph --run" refuses a definition that is not a team, and an unknown run', async () => {
  const cli = cliOn(memory());
  await expect(graphCommand(cli, fixture('hello.ts'), { set: [], run: 'r' })).rejects.toThrow(/defines an agent/);
  await expect(graphCommand(cli, fixture('desk.ts'), { set: [], run: 'r' })).rejects.toThrow(/no run "r"/);
});
