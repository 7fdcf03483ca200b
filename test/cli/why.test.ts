/** `runs why`: why each actor of a run is in its state, from the journal alone. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, tool } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { whyCommand } from '../../src/cli/commands/why.ts';
import { commitFor } from '../../src/testing/suites/commit.ts';
import { fakeCli } from './fakeCli.ts';

const runtimeOn = (journal: Journal) =>
  ({ journal, tickets: async () => [], async [Symbol.asyncDispose]() {} }) as unknown as Runtime;

async function begun(): Promise<Journal> {
  const journal = memory();
  await journal.claim('r', 'me', { now: 0, ttl: 1_000 });
  await journal.commit(commitFor({ actor: 'agent/r' }));
  return journal;
}

const lost = (n: number, to: string) => ({
  id: `m${n}`,
  type: `question${n}`,
  from: 'person/ann',
  to,
  body: null,
  at: n,
  failure: { kind: 'conflict' as const, message: 'It has ended.', retryable: false },
});

async function explain(journal: Journal): Promise<string> {
  const cli = fakeCli({ open: async () => runtimeOn(journal) });
  expect(await whyCommand(cli, 'r', {})).toBe(0);
  return cli.outputText();
}

test('the last step of an actor is read without those before it', async () => {
  const journal = await begun();
  for (let seq = 2; seq <= 50; seq++)
    await journal.commit(
      commitFor({ actor: 'agent/r', seq, event: { id: `e${seq}`, type: `step${seq}`, body: null } }),
    );
  let read = 0;
  const history: Journal['history'] = async (query) => {
    const entries = await journal.history(query);
    read += entries.length;
    return entries;
  };
  expect(await explain({ ...journal, history })).toContain('since it got "step50" (step 50)');
  expect(read).toBe(1);
});

test('the last ten dead letters of a run are shown with their reason, whichever actor keeps them', async () => {
  const journal = await begun();
  await journal.commit(commitFor({ actor: 'agent/kid', parent: 'agent/r', status: 'done' }));
  for (let n = 1; n <= 12; n++) await journal.bury('r', 1, lost(n, n % 2 === 0 ? 'agent/kid' : 'agent/elsewhere'));
  const deadLetters = (await explain(journal)).split('\n').filter((line) => line.includes('No actor took'));
  expect(deadLetters).toHaveLength(10);
  expect(deadLetters[0]).toMatch(
    /^No actor took "question3" from person\/ann to agent\/elsewhere, .* ago: It has ended\.$/,
  );
  expect(deadLetters[9]).toContain('"question12" from person/ann to agent/kid');
});

test('a write that was stopped in the middle is named, for people and for programs', async () => {
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    effect: 'write',
    input: z.object({ euros: z.number() }),
    output: z.null(),
    run: () => new Promise<null>(() => {}),
  });
  const model = scriptedModel([{ calls: [{ name: 'pay', input: { euros: 5 } }] }]);
  const run = await runtime.start(agent({ name: 'payer', tools: [pay], model }), 'Pay.', { key: 'r' });
  await runtime.settle();
  await runtime.signal(run.root, { type: 'agent.cancel', reason: 'Enough.' });
  await run.outcome();
  expect(await explain(journal)).toContain('Not settled: pay {"euros":5} may or may not have happened.');
  const cli = fakeCli({ open: async () => runtimeOn(journal) });
  await whyCommand(cli, 'r', { json: true });
  expect(JSON.parse(cli.outputText())).toContainEqual(
    expect.objectContaining({ actor: run.root, unsettled: [{ tool: 'pay', input: { euros: 5 } }] }),
  );
});
