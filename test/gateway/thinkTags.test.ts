/** Reasoning that a model writes into its text: told from the answer, wherever the text is cut into pieces. */
import { expect, test } from 'vitest';
import { scriptedModel } from 'troupe/testing';
import { gateway } from '../../src/gateway/gateway.ts';
import type { GatewayOptions } from '../../src/gateway/gatewayOptions.ts';
import { systemClock } from '../../src/engine/clock.ts';
import type { ModelPart } from '../../src/contracts/model.ts';
import { runAgainst } from './wireAgent.ts';
import { turn, wireNames, wires } from './wireServer.ts';

const ask = { instructions: '', messages: [{ role: 'user' as const, text: 'hello' }], tools: [] };

/** The text and the reasoning of an answer, which came in so many pieces. */
async function read(text: string, chunks: number, options: Partial<GatewayOptions> = {}) {
  const parts: ModelPart[] = [];
  const opened = gateway({ clock: systemClock(), env: {}, ...options });
  const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
  const answer = await opened.answer(scriptedModel([{ text, chunks }]), ask, scope, (part) => parts.push(part));
  const joined = (type: 'text' | 'reasoning') =>
    parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('');
  expect(joined('text')).toBe(answer.text);
  return [answer.text, joined('reasoning')];
}

const cases: [says: string, written: string, text: string, reasoning: string][] = [
  ['reasoning in front of the answer', '<think>Is it 4?\n</think>\n\nIt is 4.', 'It is 4.', 'Is it 4?\n'],
  ['blank lines before it', '\n\n<think>Yes.</think>It is 4.', 'It is 4.', 'Yes.'],
  ['an empty block', '<think>\n\n</think>\n\nIt is 4.', 'It is 4.', ''],
  ['two blocks', '<think>a</think>\n<think>b</think>\nIt is 4.', 'It is 4.', 'ab'],
  ['capital letters', '<Think>Yes.</THINK>It is 4.', 'It is 4.', 'Yes.'],
  ['a block that is never closed', '<think>It may be 4, or', '', 'It may be 4, or'],
  ['a block that is cut in its closing tag', '<think>It may be 4</thi', '', 'It may be 4</thi'],
  ['comparisons inside', '<think>2 < 4 </ think></think>It is 4.', 'It is 4.', '2 < 4 </ think>'],
  [
    'a text about the tags',
    'Write `<think>` and `</think>` around it.',
    'Write `<think>` and `</think>` around it.',
    '',
  ],
  ['code with the tags', '```\n<think>x</think>\n```', '```\n<think>x</think>\n```', ''],
  ['tags after the answer has begun', 'It is 4. <think>x</think>', 'It is 4. <think>x</think>', ''],
  ['another tag', '<thinking>x</thinking>4', '<thinking>x</thinking>4', ''],
  ['the beginning of a tag, and no more', '  <thi', '  <thi', ''],
  ['a closing tag alone', '</think>4', '</think>4', ''],
  ['nothing but space', '  \n', '  \n', ''],
];

test.each(cases)('%s', async (_, written, text, reasoning) => {
  for (const chunks of [1, 2, 3, 7, written.length])
    expect(await read(written, chunks), `in ${chunks} pieces`).toEqual([text, reasoning]);
});

test('the tags can be named, and a text can be left as it is', async () => {
  const written = '<thought>Yes.</thought>It is 4.';
  expect(await read(written, 3)).toEqual([written, '']);
  expect(await read(written, 3, { thinkTags: ['think', 'thought'] })).toEqual(['It is 4.', 'Yes.']);
  expect(await read(cases[0]![1], 3, { thinkTags: false })).toEqual([cases[0]![1], '']);
});

test.each(wireNames)(
  '%s: reasoning in the text is no part of the output, and not what a tool call stands on',
  async (name) => {
    const text = '<think>The order is not paid.</think>\nIt is not paid.';
    const { outcome, requests } = await runAgainst(name, [
      turn.whole(wires[name].frames({ text, calls: [{ name: 'pay', arguments: '{"order":1}' }] })),
      turn.whole(wires[name].frames({ text })),
    ]);
    expect(outcome).toMatchObject({ status: 'done', output: 'It is not paid.' });
    expect(requests[1]).not.toContain('<think>');
  },
);

test('an answer that is nothing but a thought is asked for again', async () => {
  const { outcome, requests } = await runAgainst('openai-compatible', [
    turn.whole(wires['openai-compatible'].frames({ text: '<think>It may be 4, or' })),
    turn.whole(wires['openai-compatible'].frames({ text: 'It is 4.' })),
  ]);
  expect(outcome).toMatchObject({ status: 'done', output: 'It is 4.' });
  expect(requests).toHaveLength(2);
});
