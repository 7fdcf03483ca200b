import { expect, test } from 'vitest';
import type { Message, ToolResult } from '../../src/contracts/model.ts';
import { joinResults } from '../../actors/conversation.ts';

const asks = (...ids: string[]): Message => ({
  role: 'assistant',
  text: '',
  calls: ids.map((id) => ({ id, name: 'read', input: {} })),
});
const result = (id: string): ToolResult => ({ id, name: 'read', ok: true, content: `what ${id} gave` });
const results = (...ids: string[]): Message => ({ role: 'tool', results: ids.map(result) });
const userText = (text: string): Message => ({ role: 'user', text });

test('a model gets the results of a turn in one message, in the order of its calls', () => {
  expect(
    joinResults([userText('go'), asks('a', 'b', 'c'), results('c'), results('a'), results('b'), userText('on')]),
  ).toEqual([userText('go'), asks('a', 'b', 'c'), results('a', 'b', 'c'), userText('on')]);
});

test('the results of two turns stay apart', () => {
  const two = [asks('a', 'b'), results('b'), results('a'), asks('a'), results('a')];
  expect(joinResults(two)).toEqual([asks('a', 'b'), results('a', 'b'), asks('a'), results('a')]);
});

test('results that were stored together stay together', () => {
  const stored = [userText('go'), asks('a', 'b'), results('a', 'b')];
  expect(joinResults(stored)).toEqual(stored);
  expect(joinResults([])).toEqual([]);
});
