/** A recorded run on an agent whose tools or definition have changed since: each change is named. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, guarded, guardrails, protocol, team, tool } from 'troupe';
import type { Runnable } from '../../../src/define/runnable.ts';
import { cassette, cassetteText, exportRun, scriptedModel, testRuntime } from 'troupe/testing';
import type { JsonObject } from '../../../src/values/json.ts';
import { workspace } from '../../cli/troupe.ts';

const shape = {
  name: 'mail',
  description: 'Sends a letter.',
  effect: 'write' as 'write' | 'read',
  input: z.object({ to: z.string() }) as z.ZodObject,
  output: z.string(),
  run: () => 'sent',
};
const clerk = (changes: object = {}, definition: object = {}) =>
  agent({
    name: 'clerk',
    instructions: 'Write letters.',
    tools: [tool({ ...shape, ...changes })],
    model: scriptedModel(({ messages }) =>
      messages.length === 1 ? { calls: [{ name: 'mail', input: { to: 'ada' } }] } : { text: 'Sent.' },
    ),
    ...definition,
  });

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['draft'] },
  draft: { body: z.object({ text: z.string() }) },
});
/** A team of two, of which one is asked. */
function desk(asked: 'writer' | 'second', instructions: string) {
  const member = (name: string) =>
    agent({
      name,
      protocol: Desk,
      handles: ['brief'],
      instructions,
      model: scriptedModel(() => ({ calls: [{ name: 'answer_draft', input: { text: 'Tea.' } }] })),
    });
  return team({
    name: 'desk',
    protocol: Desk,
    members: { writer: member('writer'), second: member('second') },
    accepts: 'brief',
    returns: 'draft',
    route: {
      brief: ({ body }, { to }) => to(asked, 'brief', body),
      draft: ({ body }, { finish }) => finish(body),
    },
  });
}

async function recorded(subject: Runnable = clerk(), input: unknown = 'Write to Ada.') {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, input);
  await run.outcome();
  return exportRun(runtime.journal, run.id, { env: {} });
}

test.each<[string, object, RegExp | undefined]>([
  ['nothing', {}, undefined],
  ['a tool that was renamed', { name: 'post' }, /called "mail" when it was recorded, and it has no such tool now/],
  ['a write that became a read', { effect: 'read' }, /"mail" was a write when it was recorded, and is a read now/],
  [
    'an approval that was added',
    { approval: true },
    /did not need a person's yes when it was recorded, and needs it now/,
  ],
  ['a write that became idempotent', { idempotent: true }, /was not idempotent when it was recorded, and is now/],
  [
    'an input schema that was narrowed',
    { input: z.object({ to: z.email() }) },
    /input of a recorded call of "mail" does not fit/,
  ],
  [
    'an output schema that was changed',
    { output: z.object({ sent: z.boolean() }), run: () => ({ sent: true }) },
    /result of "mail" does not fit its output schema now: sent/,
  ],
  ['an output schema that was narrowed', { output: z.enum(['delivered']) }, /result of "mail" does not fit its output/],
])('what a replay says of %s', async (_, changes, says) => {
  using dir = workspace();
  const file = dir.file('run.json', cassetteText(await recorded()));
  const { drift } = await cassette(file).replay(clerk(changes), 'lenient');
  const messages = drift.filter(({ kind }) => kind === 'tool').map(({ message }) => message);
  expect(messages).toEqual(says ? [expect.stringMatching(says)] : []);
  if (!says) expect(drift).toEqual([]);
});

test.each<[string, object, RegExp[]]>([
  ['nothing', {}, []],
  ['instructions that were changed', { instructions: 'Write short letters.' }, [/its instructions are not those/]],
  [
    'another model',
    { model: 'openai:gpt-5' },
    [/it asked scripted:model when it was recorded, and asks openai:gpt-5 now/],
  ],
  [
    'models to fall back on',
    { model: 'openai:gpt-5', fallbacks: [['openai:gpt-5-mini', 'openai:gpt-4']] },
    [/and asks openai:gpt-5, openai:gpt-5-mini, openai:gpt-4 now/],
  ],
  ['a model that stands in for the recorded one', { model: scriptedModel([], { id: 'scripted:another' }) }, []],
  [
    'a tool that was added',
    { tools: [tool(shape), tool({ ...shape, name: 'phone' })] },
    [/it had 1 tools when it was recorded, and has 2 now/],
  ],
])('what a replay says of a definition with %s, alone and behind guardrails', async (_, changes, says) => {
  using dir = workspace();
  const guards = [guardrails.tool({ writes: 'allow' })];
  for (const [name, subject] of Object.entries({
    alone: (definition: object) => clerk({}, definition),
    guarded: (definition: object) => guarded(clerk({}, definition), guards),
  })) {
    const file = dir.file(`${name}.json`, cassetteText(await recorded(subject({}))));
    const { drift } = await cassette(file).replay(subject(changes), 'lenient');
    expect(drift.map(({ kind, message }) => [kind, message])).toEqual(
      says.map((message) => ['definition', expect.stringMatching(message)]),
    );
  }
});

test('a cassette of an earlier version, which does not say what the definition was, has no difference in it', async () => {
  using dir = workspace();
  const recording = await recorded();
  const ledger = recording.ledger.map((entry) => {
    if (entry.name !== 'callModel' || !entry.outcome.ok) return entry;
    const output = { ...(entry.outcome.output as JsonObject) };
    delete output['definition'];
    return { ...entry, outcome: { ok: true as const, output } };
  });
  const file = dir.file('run.json', JSON.stringify({ ...recording, ledger }));
  const { drift } = await cassette(file).replay(clerk({}, { instructions: 'Others.' }), 'lenient');
  expect(drift).toEqual([]);
});

test('a member with other instructions, and one that the route sends to now, are named', async () => {
  using dir = workspace();
  const file = dir.file('run.json', cassetteText(await recorded(desk('writer', 'Write.'), { topic: 'tea' })));
  const saysOf = async (subject: Runnable) =>
    (await cassette(file).replay(subject, 'lenient')).drift.map(({ kind }) => kind);
  expect(await saysOf(desk('writer', 'Write.'))).toEqual([]);
  expect(await saysOf(desk('writer', 'Write more.'))).toEqual(['definition']);
  expect(await saysOf(desk('second', 'Write.'))).toContain('outcome');
});
