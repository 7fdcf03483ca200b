/** What patterns of guardrails see: every text as a reader sees it, wherever it is in a value. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, guarded, guardrails, protocol, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { clerk, outcomeBehind, outcomeOf } from './guarded.ts';

const card = '4111111111111111';
const digits = /\b\d{16}\b/;
const Any = protocol({ ask: { body: z.json(), replies: ['reply'] }, reply: { body: z.json() } });
/** An agent with typed messages, which answers with this body. */
const typed = (body: unknown) =>
  agent({
    name: 'clerk',
    protocol: Any,
    handles: ['ask'],
    model: scriptedModel(() => ({ calls: [{ name: 'answer_reply', input: { value: body as never } }] })),
  });

/** Bodies in which a card number is hidden. */
const hidden: [string, unknown][] = [
  ['after a line break', { text: `card:\n${card}` }],
  ['after a tab', { text: `card:\t${card}` }],
  ['after a quotation mark', { text: `card"${card}"` }],
  ['after a control character', { text: `card\u0001${card}` }],
  ['in a key', { [`card\n${card}`]: 1 }],
  ['as a number', { card: Number(card) }],
  ['deep within lists', [[{ a: [`x\n${card}`] }]]],
  ['in JSON within a text', { text: JSON.stringify({ a: `x\n${card}` }) }],
  ['in JSON within JSON within a text', JSON.stringify({ a: JSON.stringify({ b: `x\n${card}` }) })],
  ['in JSON within prose', `Here it is: {"card":"x\\n${card}"} and more`],
  ['with escaped digits', `{"card":"\\u0034111111111111111"}`],
  [
    'split over the parts of a message',
    [
      { type: 'text', text: card.slice(0, 7) },
      { type: 'text', text: card.slice(7) },
    ],
  ],
];

test.each(hidden)('a pattern finds a card number %s, in input and in output', async (_, body) => {
  const denied = { status: 'failed', failure: { kind: 'denied' } };
  const before = await outcomeBehind([guardrails.input([digits])], typed('fine') as never, { type: 'ask', body });
  expect(before).toMatchObject({ ...denied, failure: { data: { refusedBy: 'input', stage: 'pre' } } });
  const whole = await outcomeBehind([guardrails.output([digits], { stream: false })], typed(body) as never, {
    type: 'ask',
    body: 1,
  });
  expect(whole).toMatchObject({ ...denied, failure: { data: { refusedBy: 'output', stage: 'post' } } });
  const streamed = await outcomeBehind([guardrails.output([digits])], typed(body) as never, { type: 'ask', body: 1 });
  expect(streamed).toMatchObject({ ...denied, failure: { data: { refusedBy: 'output' } } });
});

test.each(hidden)('a pattern finds a card number %s, in what a tool takes and gives', async (_, body) => {
  const echo = tool({
    name: 'echo',
    description: 'Echoes.',
    effect: 'read',
    input: z.object({ value: z.json() }),
    output: z.json(),
    run: ({ value }) => value,
  });
  for (const guardrail of [guardrails.input([digits]), guardrails.output([digits])]) {
    const results: string[] = [];
    const model = scriptedModel(({ messages }) => {
      if (messages.length === 1) return { calls: [{ name: 'echo', input: { value: body as never } }] };
      results.push(JSON.stringify(messages.at(-1)));
      return { text: 'Done.' };
    });
    await outcomeOf(clerk(model, { tools: [guarded(echo, [guardrail])] }));
    expect(results.join()).toContain('what pattern 1 of 1 looks for');
  }
});

test('a pattern that is anchored is tried on each text by itself, and texts without a match pass', async () => {
  const anchored = guardrails.input([/^rm -rf/, 'Secret Word']);
  const given = (body: unknown) => outcomeBehind([anchored], typed('fine') as never, { type: 'ask', body });
  expect(await given({ run: 'rm -rf /' })).toMatchObject({ status: 'failed' });
  expect(await given({ 'my secret\u0020word': 1 })).toMatchObject({ status: 'failed' });
  expect(await given({ run: 'echo rm -rf', years: [4111, 1111, 1111, 1111], path: 'C:\\new\\table' })).toMatchObject({
    status: 'done',
  });
});
