/** The offline model of the demo: a researcher, a writer and a critic without a language model. */
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/values/json.ts';
import type { Message, ModelRequest, ToolCall, ToolSpec } from '../../src/contracts/model.ts';
import { offlineModel } from '../../src/gateway/offlineModel.ts';

const folder: Record<string, string> = {
  '/n': '[FILE] zebra.md\n[FILE] README.md\n[DIR] docs\n[FILE] LICENSE.md\n[FILE] photo.png',
  '/n/docs': '[FILE] deep.md',
  '/n/README.md':
    '# The zoo\n\nThe zoo keeps animals of every kind in wide meadows.\nIt opens at nine\nand closes when the animals go to sleep.\n\n```\nThe code of the zoo is not a sentence about animals.\n```\n',
  '/n/zebra.md':
    '# Zebras\n\n| The table of animals | is not prose about the zoo. |\n\n- Every zebra of the zoo has stripes that no other animal shares.\n',
  '/n/docs/deep.md': '# Deep\n\nAnimals of the deep are kept in the aquarium of the zoo, which is heated.\n',
};
const tools = (...answers: ToolSpec[]): ToolSpec[] => [
  ...['files__list_directory', 'files__read_text_file'].map((name) => ({ name, description: '', input: {} })),
  ...answers,
];
const notes: ToolSpec = { name: 'answer_notes', description: '', input: { type: 'object' } };
const task = (type: string, body: Json): Message => ({
  role: 'user',
  text: `${type}:\n${JSON.stringify(body, null, 2)}`,
});

async function ask(request: Partial<ModelRequest>): Promise<{ text: string; calls: ToolCall[] }> {
  let text = '';
  const calls: ToolCall[] = [];
  const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
  for await (const part of offlineModel().stream({ instructions: '', messages: [], tools: [], ...request }, scope)) {
    if (part.type === 'text') text += part.text;
    if (part.type === 'call') calls.push(part.call);
  }
  return { text, calls };
}

/** Answers the model's calls from the folder, in the form of a tool server, until the model gives its answer. */
async function research(
  wrap: (text: string) => string,
): Promise<{ facts: { text: string; file: string; line: number }[]; turns: number }> {
  const messages: Message[] = [task('brief', { folder: '/n' })];
  for (let turns = 1; turns < 10; turns++) {
    const { calls } = await ask({ messages, tools: tools(notes) });
    if (calls[0]!.name === 'answer_notes') return { ...(calls[0]!.input as { facts: [] }), turns };
    const results = calls.map(({ id, name, input }) => {
      const found = folder[(input as { path: string }).path];
      return { id, name, ok: found !== undefined, content: found === undefined ? 'no such file' : wrap(found) };
    });
    messages.push({ role: 'assistant', text: '', calls }, { role: 'tool', results });
  }
  throw new Error('It never answered.');
}

test.each([
  ['bare', (text: string) => text],
  ['as JSON', (text: string) => JSON.stringify(text)],
  ['as content', (text: string) => JSON.stringify({ content: text })],
  ['as parts', (text: string) => JSON.stringify({ content: [{ type: 'text', text }] })],
])(
  'a researcher reads a folder and its docs, and quotes whole sentences with their line numbers (%s)',
  async (_, wrap) => {
    const { facts, turns } = await research(wrap);
    expect(turns).toBe(4);
    expect(facts).toEqual([
      { text: 'The zoo keeps animals of every kind in wide meadows.', file: 'README.md', line: 3 },
      { text: 'It opens at nine and closes when the animals go to sleep.', file: 'README.md', line: 4 },
      { text: 'Every zebra of the zoo has stripes that no other animal shares.', file: 'zebra.md', line: 5 },
      {
        text: 'Animals of the deep are kept in the aquarium of the zoo, which is heated.',
        file: 'docs/deep.md',
        line: 3,
      },
    ]);
  },
);

const facts = [
  { text: 'Zebras have stripes.', file: 'zebra.md', line: 5 },
  { text: 'The zoo opens at nine.', file: 'README.md', line: 4 },
];
const answer = (reply: string): ToolSpec => ({ name: `answer_${reply}`, description: '', input: { type: 'object' } });

test('a writer cites every claim, and leaves out what the feedback rejects', async () => {
  const write = async (body: JsonObject) =>
    ((await ask({ messages: [task('draft', body)], tools: [answer('article')] })).calls[0]!.input as { text: string })
      .text;
  const all = await write({ facts });
  for (const claim of all.split('\n').filter((line) => line.startsWith('-'))) expect(claim).toMatch(/\[[^\]]+:\d+\]$/);
  expect(all).toContain('## Zebra');
  expect(await write({ facts, feedback: 'These cite no fact: zebra.md:5.' })).not.toContain('zebra.md');
});

test('a critic approves supported claims, and names the others', async () => {
  const judge = async (text: string) =>
    (
      await ask({
        messages: [task('review', { title: 'x', text, facts })],
        tools: [answer('approved'), answer('rework')],
      })
    ).calls[0]!;
  expect((await judge('- Zebras have stripes. [zebra.md:5]')).name).toBe('answer_approved');
  const wrong = await judge('- Zebras fly. [zebra.md:6]\n- The zoo is large.');
  expect(wrong.name).toBe('answer_rework');
  expect((wrong.input as { feedback: string }).feedback).toMatch(/zebra\.md:6.*"- The zoo is large\."/);
});

test('any other answer is filled in from the material according to its schema', async () => {
  const schema = {
    type: 'object',
    properties: {
      kind: { enum: ['a', 'b'] },
      count: { type: 'integer', minimum: 3 },
      tags: { type: 'array', items: { type: 'string' }, minItems: 2 },
      deep: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
    },
    required: ['kind', 'count', 'tags', 'deep'],
  };
  const { calls } = await ask({
    messages: [{ role: 'user', text: 'The zoo keeps animals of every kind in wide meadows.' }],
    tools: [{ name: 'answer_thing', description: '', input: schema }],
  });
  const sentence = 'The zoo keeps animals of every kind in wide meadows.';
  expect(calls[0]!.input).toEqual({ kind: 'a', count: 3, tags: [sentence, sentence], deep: { ok: true } });
});

test('for plain text it answers that it is not a language model', async () => {
  expect((await ask({ messages: [{ role: 'user', text: 'What is new?' }] })).text).toMatch(
    /offline model: it extracts/,
  );
});

test('the same request always gets the same answer', async () => {
  const request = { messages: [task('draft', { facts })], tools: [answer('article')] };
  expect(await ask(request)).toEqual(await ask(request));
});
