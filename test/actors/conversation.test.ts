import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message, ToolResult } from '../../src/contracts/model.ts';
import { sizeOfMessage } from '../../src/contracts/messageSize.ts';
import { ActorLists } from '../../src/engine/lists.ts';
import type { Json } from '../../src/values/json.ts';
import { joining, readConversation } from '../../actors/conversation.ts';
import { truncateHistory } from '../../actors/history.ts';
import { joinResults } from './joinResults.ts';

const asks = (...ids: string[]): Message => ({
  role: 'assistant',
  text: '',
  calls: ids.map((id) => ({ id, name: 'read', input: {} })),
});
const of = (id: string): ToolResult => ({ id, name: 'read', ok: true, content: `what ${id} gave` });
const results = (...ids: string[]): Message => ({ role: 'tool', results: ids.map(of) });
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

test('a conversation that is read every now and then is the one that is read once', async () => {
  const turns = [
    asks('a', 'b', 'c'),
    results('c'),
    results('a', 'x'),
    results('b'),
    userText('on'),
    asks('d'),
    results('d'),
  ];
  const transcript = [userText('go'), ...turns, ...turns, asks('e'), results('f'), results('e'), results('g')];
  const lists = new ActorLists(() => Promise.resolve([]));
  const scope = {
    list: (name: string) => lists.get(name),
    fold: ((name, fold) => lists.fold(name, fold)) as ActorLists['fold'],
  };
  const first = await readConversation(scope);
  for (const [index, message] of transcript.entries()) {
    lists.append('transcript', message as unknown as Json);
    if (index % 3 === 1) continue;
    const { messages, size } = await readConversation(scope);
    expect(messages).toEqual(joinResults(transcript.slice(0, index + 1)));
    expect(size).toBe(messages.reduce((sum, each) => sum + sizeOfMessage(each), 0));
    expect(await readConversation({ list: scope.list })).toMatchObject({ messages, size });
  }
  expect(first.messages).toEqual([]);
});

const note = '[older result, left out to save space; call again if it is needed]';
/** As it is promised: the oldest results first, until it is short enough; never the latest message of results. */
function shortened(transcript: readonly Message[], limit: number): readonly Message[] {
  let excess = transcript.reduce((sum, message) => sum + sizeOfMessage(message), 0) - limit;
  const latest = transcript.findLastIndex(({ role }) => role === 'tool');
  return transcript.map((message, at) => {
    if (message.role !== 'tool' || at === latest) return message;
    const results = message.results.map((each) => {
      if (excess <= 0 || each.content.length <= note.length) return each;
      excess -= each.content.length - note.length;
      return { ...each, content: note };
    });
    return { ...message, results };
  });
}

test('what is left out of a conversation that grows is what is left out of it at once', () => {
  const length = fc.oneof(fc.nat({ max: 400 }), fc.constant(60));
  const result = length.map((size): Message => ({
    role: 'tool',
    results: [{ ...of('a'), content: 'x'.repeat(size) }],
  }));
  const pair = length.map((size): Message => ({
    role: 'tool',
    results: [of('a'), { ...of('b'), content: 'y'.repeat(size) }],
  }));
  const message = fc.oneof(
    result,
    pair,
    fc.constant(asks('a', 'b')),
    length.map((size) => userText('z'.repeat(size))),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), fc.nat({ max: 3_000 }), (transcript, limit) => {
      let grown = joining.initial();
      for (const each of transcript) {
        grown = joining.add(grown, each as unknown as Json);
        const at = [...grown.messages];
        expect(truncateHistory(at, limit, grown)).toEqual(shortened(at, limit));
        expect(truncateHistory(at, limit)).toEqual(shortened(at, limit));
      }
    }),
  );
});
