/** All attempts of one model call share its key. */
import { expect, test } from 'vitest';
import type { Model, ModelRequest, ModelScope } from '../../src/contracts/model.ts';
import { gateway } from '../../src/gateway/gateway.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { TroupeError } from '../../src/values/failure.ts';

const ask: ModelRequest = { instructions: '', messages: [{ role: 'user', text: 'hello' }], tools: [] };

test('every attempt of a call has the key of the call, for every model, and the caller gets one answer', async () => {
  const clock = virtualClock();
  const keys: string[] = [];
  const model = (name: string, failures: number): Model => ({
    id: `test:${name}`,
    async *stream(_: ModelRequest, { key }: ModelScope) {
      keys.push(`${name} ${key}`);
      if (keys.length <= failures) throw new TroupeError('transient', 'busy');
      yield { type: 'text', text: 'Here.' };
      const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
      yield { type: 'finish', reason: 'stop', usage, model: `test:${name}` };
    },
  });
  const scope = { key: 'agent/r/1/0', signal: new AbortController().signal, deadline: undefined };
  const state = { over: false };
  const answer = gateway({ clock, env: {} })
    .answer([model('a', 3), model('b', 4)], ask, scope)
    .finally(() => (state.over = true));
  while (!state.over) {
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
    if (clock.next !== undefined) clock.advance(clock.next - clock.now());
  }
  expect((await answer).text).toBe('Here.');
  expect(keys).toEqual([
    ...Array.from({ length: 3 }, () => 'a agent/r/1/0'),
    ...Array.from({ length: 2 }, () => 'b agent/r/1/0'),
  ]);
});
