import { expect, test } from 'vitest';
import type { Message, ToolResult } from '../../src/contracts/model.ts';
import { joinResults } from '../../actors/conversation.ts';

const asks = (...ids: string[]): Message => ({
  role: 'assistant',
  text: '',
  calls: ids.map((id) => ({ id, name: 'read', input: {} })),
});
const result = (id: string): ToolResult => ({ id, name: 'read', ok: true, content: `what ${id} gave` });
const gives = (...ids: string[]): Message => ({ role: 'tool', results: ids.map(result) });
const says = (text: string): Message => ({ role: 'user', text });

test('a model gets the results of a turn in one message, in the order of its calls', () => {
  expect(joinResults([says('go'), asks('a', 'b', 'c'), gives('c'), gives('a'), gives('b'), says('on')])).toEqual([
    says('go'),
    asks('a', 'b', 'c'),
    gives('a', 'b', 'c'),
    says('on'),
  ]);
});

test('the results of two turns stay apart', () => {
  const two = [asks('a', 'b'), gives('b'), gives('a'), asks('a'), gives('a')];
  expect(joinResults(two)).toEqual([asks('a', 'b'), gives('a', 'b'), asks('a'), gives('a')]);
});

test('results that were stored together stay together', () => {
  const whole = [says('go'), asks('a', 'b'), gives('a', 'b')];
  expect(joinResults(whole)).toEqual(whole);
  expect(joinResults([])).toEqual([]);
});
