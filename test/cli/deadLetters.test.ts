/** `troupe dead`: what was done with a dead letter is printed, and kept from being done again. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Journal } from '../../src/journal/journal.ts';
import {
  dropDeadLetter,
  listDeadLetters,
  redriveDeadLetter,
  showDeadLetter,
} from '../../src/cli/commands/deadLetters.ts';
import { whyCommand } from '../../src/cli/commands/why.ts';
import type { Cli } from '../../src/cli/cli.ts';
import { commitFor } from '../../src/testing/suites/commit.ts';
import { fakeCli } from './fakeCli.ts';

async function journalWith(...ids: string[]): Promise<Journal> {
  const journal = memory();
  await journal.claim('r', 'me', { now: 0, ttl: 1_000 });
  await journal.commit(commitFor({ actor: 'agent/r' }));
  for (const [at, id] of ids.entries())
    await journal.bury('r', 1, {
      id,
      type: 'note',
      from: 'person/ann',
      to: 'agent/r',
      body: { text: id },
      at,
      failure: { kind: 'unknown_message', message: 'It means nothing here.', retryable: false },
    });
  return journal;
}

async function printed(journal: Journal, command: (cli: Cli) => Promise<number>): Promise<string> {
  await using runtime = await testRuntime({ journal });
  // Each command closes what it has opened.
  const cli = fakeCli({ open: async () => ({ ...runtime, close: async () => {}, async [Symbol.asyncDispose]() {} }) });
  expect(await command(cli)).toBe(0);
  return cli.outputText() + cli.errorText();
}

const listed = (journal: Journal, all = false) => printed(journal, (cli) => listDeadLetters(cli, { limit: 100, all }));

test('a letter that was redriven or dropped is listed with --all only, with when, by whom and why', async () => {
  const journal = await journalWith('one', 'two', 'three');
  expect(await printed(journal, (cli) => redriveDeadLetter(cli, 'one', {}))).toContain('as one/again-1');
  expect(await printed(journal, (cli) => dropDeadLetter(cli, 'two', { reason: 'stale' }))).toContain('two is dropped');
  expect(await listed(journal)).not.toMatch(/one|two/);
  expect(await listed(journal)).toContain('three');
  const all = await listed(journal, true);
  expect(all).toMatch(/redriven by \S+, .*, as one\/again-1/);
  expect(all).toMatch(/dropped by \S+, .*: stale/);
  expect(await printed(journal, (cli) => showDeadLetter(cli, 'two', {}))).toMatch(
    /dropped by \S+, .*: stale\n[^]*"text": "two"/,
  );
  const why = await printed(journal, (cli) => whyCommand(cli, 'r', {}));
  expect(why.match(/No actor took/g)).toHaveLength(1);
});

test('redriving a letter again is refused, and puts nothing into the inbox', async () => {
  const journal = await journalWith('one');
  await printed(journal, (cli) => redriveDeadLetter(cli, 'one', {}));
  const before = await journal.mail('r');
  await expect(printed(journal, (cli) => redriveDeadLetter(cli, 'one', {}))).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('was sent again by') as string,
  });
  expect(await journal.mail('r')).toEqual(before);
});
