/** Tickets: answered once, by a named person, and never acknowledged when the answer is not accepted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, run, tool, type Runtime } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';

const sent: string[] = [];
const mail = tool({
  name: 'mail',
  description: 'Sends.',
  effect: 'write',
  approval: true,
  input: z.object({ to: z.string() }),
  output: z.null(),
  run: ({ to }) => (sent.push(to), null),
});
const clerk = () =>
  agent({
    name: 'clerk',
    tools: [mail],
    model: scriptedModel([{ calls: [{ name: 'mail', input: { to: 'ada' } }] }, { text: 'Done.' }]),
  });
const conflict = expect.objectContaining({ kind: 'conflict' }) as object;

async function runUntilAsked(runtime: Runtime, key = 'k') {
  const handle = await runtime.start(clerk(), 'Go.', { key });
  const outcome = await handle.outcome({ returnWhenWaiting: true });
  if (outcome.status !== 'waiting') throw new Error(`It does not wait: ${JSON.stringify(outcome)}`);
  return { handle, ticket: outcome.tickets[0]! };
}

describe('of two answers to one ticket at the same moment one is accepted, and the other is refused', () => {
  test.each(['one process', 'two processes'])('in %s', async (where) => {
    const journal = memory();
    await using here = await openRuntime({ journal });
    await using there =
      where === 'one process' ? { ...here, [Symbol.asyncDispose]: async () => {} } : await openRuntime({ journal });
    const { handle, ticket } = await runUntilAsked(here);
    const answers = await Promise.allSettled([
      here.answer(ticket.id, { approved: true }, 'Ada'),
      there.answer(ticket.id, { approved: false }, 'Grace'),
    ]);
    expect(answers).toEqual([
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: conflict },
    ]);
    expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'Done.' });
  });
});

test('an answer that is given while no process holds the run is shown as answered, and is kept', async () => {
  const journal = memory();
  const first = await openRuntime({ journal });
  const { ticket } = await runUntilAsked(first);
  await first.close();
  await using second = await openRuntime({ journal });
  await second.answer(ticket.id, { approved: false }, 'Ada');
  expect(await second.tickets()).toMatchObject([{ id: ticket.id, answered: true }]);
  await expect(second.answer(ticket.id, { approved: true }, 'Grace')).rejects.toEqual(conflict);
  await expect(second.abort(ticket.id, 'too late', 'Grace')).rejects.toEqual(conflict);
});

test('a run that was cancelled leaves no open question, also when the program ends at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-tickets-'));
  const db = join(folder, 'troupe.db');
  try {
    const first = await openRuntime({ db });
    const { handle } = await runUntilAsked(first);
    await first.signal(handle.root, { type: 'agent.cancel', reason: 'No longer needed.' });
    expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
    await first.close();
    await using second = await openRuntime({ db });
    expect(await second.tickets()).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a list shows the open tickets of the run that is asked for, and which of them are answered', async () => {
  const journal = memory();
  const both = agent({
    name: 'clerk',
    tools: [mail],
    model: scriptedModel([{ calls: ['ada', 'bob'].map((to) => ({ name: 'mail', input: { to } })) }, { text: 'Done.' }]),
  });
  const first = await openRuntime({ journal });
  const handle = await first.start(both, 'Go.', { key: 'two' });
  const waiting = await handle.outcome({ returnWhenWaiting: true });
  if (waiting.status !== 'waiting') throw new Error('It must wait.');
  const [one, other] = waiting.tickets.map(({ id }) => id);
  const { ticket: third } = await runUntilAsked(first, 'k');
  await first.close();
  await using second = await openRuntime({ journal });
  await second.answer(String(one), { approved: true }, 'Ada');
  const shown = async (id?: string) =>
    Object.fromEntries((await second.tickets(id)).map((ticket) => [ticket.id, ticket.answered]));
  expect(await shown('two')).toEqual({ [String(one)]: true, [String(other)]: false });
  expect(await shown()).toEqual({ [String(one)]: true, [String(other)]: false, [third.id]: false });
  // Once the run has gone on, its answered ticket is no longer shown, and says that it has ended.
  await second.answer(String(other), { approved: true }, 'Ada');
  await (await second.resume('two', both)).outcome();
  expect(await shown()).toEqual({ [third.id]: false });
  await expect(second.answer(String(one), { approved: true }, 'Ada')).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(/has ended \(done/) as string,
  });
});

test('an answer needs the name of a person and the id of a ticket', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const { handle, ticket } = await runUntilAsked(runtime);
  await expect(runtime.answer(ticket.id, { approved: true }, ' ')).rejects.toMatchObject({ kind: 'invalid' });
  for (const id of [handle.root, 'wait/nobody', 'x'])
    await expect(runtime.abort(id, 'why not')).rejects.toMatchObject({ kind: 'unknown_recipient' });
  await runtime.abort(ticket.id, 'not today', 'Ada');
  await expect(runtime.answer(ticket.id, { approved: true })).rejects.toEqual(conflict);
});

test('a ticket that expires while its answer is being decided does not end the run', async () => {
  const before = sent.length;
  const journal = memory();
  const answer = run(clerk(), 'Go.', {
    journal,
    onTicket: async (ticket) => {
      await otherRuntime(journal, ticket.id);
      return { approved: true };
    },
  });
  expect(await answer).toBe('Done.');
  expect(sent.length).toBe(before);
});
async function otherRuntime(journal: Journal, id: string): Promise<void> {
  await using other = await openRuntime({ journal });
  await other.answer(id, { approved: false }, 'Grace');
}

test('tickets work in a run whose key has the greatest length', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const { handle, ticket } = await runUntilAsked(runtime, 'k'.repeat(200));
  await runtime.answer(ticket.id, { approved: true }, 'Ada');
  expect(await handle.outcome()).toMatchObject({ status: 'done' });
});

test.each([
  ['an unknown signal', { type: 'zz' }],
  ['a signal without a type', {}],
  ['a cancel without a reason', { type: 'agent.cancel' }],
  ['a value that JSON cannot hold', { type: 'agent.input', text: 'a\0b' }],
  ['a Date', { type: 'agent.input', text: new Date(0) }],
])('%s to an agent that cannot handle it is refused to the sender', async (_, signal) => {
  await using runtime = await openRuntime({ db: 'memory' });
  const { handle } = await runUntilAsked(runtime);
  await expect(runtime.signal(handle.root, signal as never)).rejects.toMatchObject({ kind: 'invalid' });
});

test('every call of a closed runtime says that it is closed, and it can be closed again', async () => {
  const runtime = await openRuntime({ db: 'memory' });
  const { handle, ticket } = await runUntilAsked(runtime);
  await runtime.close();
  await runtime.close();
  const asks = [
    () => runtime.start(clerk(), 'Go.'),
    () => runtime.resume('k', clerk()),
    () => runtime.tickets(),
    () => runtime.answer(ticket.id, { approved: true }),
    () => runtime.signal(handle.root, { type: 'agent.pause' }),
  ];
  for (const ask of asks)
    await expect(ask()).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringContaining('This runtime is closed') as string,
    });
});
