/** `run.stream`: what code sees of a run while it goes on. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, pipeline, run, tool, type StreamEvent } from 'troupe';
import { scriptedModel } from 'troupe/testing';

const find = tool({
  name: 'find',
  description: 'Finds a thing.',
  effect: 'read',
  input: z.object({ what: z.string() }),
  output: z.string(),
  run: async ({ what }) => (what === 'tea' ? 'On the shelf.' : Promise.reject(new Error('Nowhere.'))),
});
const mail = (sent: string[], approval = false) =>
  tool({
    name: 'mail',
    description: 'Sends a mail.',
    effect: 'write',
    approval,
    input: z.object({ to: z.string() }),
    output: z.string(),
    run: async ({ to }) => `sent to ${(sent.push(to), to)}`,
  });
const collect = async <T>(events: AsyncIterable<T>) => {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
};
/** The text of each call of a model, without what was discarded. */
function textsOf(events: readonly (StreamEvent | { type: 'done' })[]): string[] {
  const texts = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'text') texts.set(event.call, (texts.get(event.call) ?? '') + event.text);
    if (event.type === 'discarded') texts.delete(event.call);
  }
  return [...texts.values()];
}

test('text, tools and phases come in their order, and the last event is the output', async () => {
  const clerk = agent({
    name: 'clerk',
    model: scriptedModel([
      {
        text: 'I look for it.',
        calls: [
          { name: 'find', input: { what: 'tea' } },
          { name: 'mail', input: { to: 'ada' } },
        ],
      },
      { text: 'It is on the shelf.' },
    ]),
    tools: [find, mail([])],
  });
  const events = await collect(run.stream(clerk, 'Where is the tea?', { db: 'memory' }));
  expect(textsOf(events)).toEqual(['I look for it.', 'It is on the shelf.']);
  expect(events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []))).toEqual([
    'listing',
    'thinking',
    'acting',
    'thinking',
    'completed',
  ]);
  const tools = events.filter((event) => event.type === 'tool.called' || event.type === 'tool.answered');
  expect(tools).toHaveLength(4);
  for (const [tool, input, content] of [
    ['find', { what: 'tea' }, 'On the shelf.'],
    ['mail', { to: 'ada' }, 'sent to ada'],
  ]) {
    const own = tools.filter((event) => event.tool === tool);
    expect(own).toMatchObject([
      { type: 'tool.called', name: 'clerk', input },
      { type: 'tool.answered', name: 'clerk', ok: true, content },
    ]);
    expect(own[0]?.id).toBe(own[1]?.id);
  }
  expect(events.at(-1)).toEqual({ type: 'done', output: 'It is on the shelf.' });
});

test('a tool that fails is shown with its reason, as the model reads it', async () => {
  const clerk = agent({
    name: 'clerk',
    model: scriptedModel([{ calls: [{ name: 'find', input: { what: 'it' } }] }, { text: 'Not found.' }]),
    tools: [find],
  });
  const events = await collect(run.stream(clerk, 'Find it.', { db: 'memory' }));
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'tool.answered',
      tool: 'find',
      ok: false,
      content: expect.stringContaining('Nowhere.') as string,
    }),
  );
});

test('text of a model that breaks off is discarded, and what is left is the answer', async () => {
  const clerk = agent({
    name: 'clerk',
    model: scriptedModel([{ text: 'It is NOT so.', half: true }, { text: 'It is so.' }]),
  });
  const events = await collect(run.stream(clerk, 'Is it so?', { db: 'memory' }));
  expect(events).toContainEqual(expect.objectContaining({ type: 'discarded' }));
  expect(textsOf(events)).toEqual(['It is so.']);
});

test('a run that fails throws its failure after its events', async () => {
  const clerk = agent({
    name: 'clerk',
    model: scriptedModel([{ error: { kind: 'auth', message: 'The key is wrong.' } }]),
  });
  const events: unknown[] = [];
  const reading = (async () => {
    for await (const event of run.stream(clerk, 'Go.', { db: 'memory' })) events.push(event);
  })();
  await expect(reading).rejects.toMatchObject({ name: 'TroupeError', kind: 'auth' });
  expect(events).toContainEqual(expect.objectContaining({ type: 'phase', phase: 'failed' }));
});

test('leaving the loop parks the run, and the same key goes on without repeating what was done', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'troupe-stream-')), 'j.db');
  const sent: string[] = [];
  const clerk = (...steps: Parameters<typeof scriptedModel>[0][]) =>
    agent({ name: 'clerk', model: scriptedModel(steps.flat()), tools: [mail(sent)] });
  for await (const event of run.stream(
    clerk([{ calls: [{ name: 'mail', input: { to: 'ada' } }] }, { hang: true }]),
    'Write to Ada.',
    { key: 'k', db },
  ))
    if (event.type === 'tool.answered') break;
  const events = await collect(run.stream(clerk([{ text: 'Done.' }]), 'Write to Ada.', { key: 'k', db }));
  expect(events.at(-1)).toEqual({ type: 'done', output: 'Done.' });
  expect(sent).toEqual(['ada']);
});

test('a run that has ended already gives its output and nothing else', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'troupe-stream-')), 'j.db');
  const clerk = () => agent({ name: 'clerk', model: scriptedModel([{ text: 'Once.' }]) });
  await run(clerk(), 'Go.', { key: 'k', db });
  expect(await collect(run.stream(clerk(), 'Go.', { key: 'k', db }))).toEqual([{ type: 'done', output: 'Once.' }]);
});

test('a question to a person is an event, and its answer moves the run on', async () => {
  const clerk = agent({
    name: 'clerk',
    model: scriptedModel([{ calls: [{ name: 'mail', input: { to: 'ada' } }] }, { text: 'Sent.' }]),
    tools: [mail([], true)],
  });
  const events = await collect(
    run.stream(clerk, 'Write to Ada.', { db: 'memory', onTicket: () => ({ approved: true }) }),
  );
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'asked', name: 'clerk', question: expect.stringContaining('mail') as string }),
  );
  expect(events.at(-1)).toEqual({ type: 'done', output: 'Sent.' });
});

test('the events of a team bear the names of its members', async () => {
  const say = (name: string, text: string) => agent({ name, model: scriptedModel([{ text }]) });
  const events = await collect(
    run.stream(pipeline({ name: 'desk', stages: [say('writer', 'Draft.'), say('editor', 'Final.')] }), 'Write.', {
      db: 'memory',
    }),
  );
  const said = new Map<string, string>();
  for (const event of events)
    if (event.type === 'text') said.set(event.name, (said.get(event.name) ?? '') + event.text);
  expect([...said]).toEqual([
    ['writer', 'Draft.'],
    ['editor', 'Final.'],
  ]);
});

test('a reader that is slower than the run loses nothing', async () => {
  const text = 'word '.repeat(500).trim();
  const clerk = agent({ name: 'clerk', model: scriptedModel([{ text }]) });
  const events: StreamEvent[] = [];
  for await (const event of run.stream(clerk, 'Talk.', { db: 'memory' })) {
    if (event.type !== 'done') events.push(event);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(textsOf(events)).toEqual([text]);
});
