/** A provider that takes a few calls at once: the others wait for their turn instead of failing. */
import { expect, test } from 'vitest';
import { breaker } from '../../actors/gateway.ts';
import type { Model, ModelRequest } from '../../src/contracts/model.ts';
import { gateway } from '../../src/gateway/gateway.ts';
import { pace } from '../../src/gateway/pace.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { TroupeError, toFailure } from '../../src/values/failure.ts';

const ask: ModelRequest = { instructions: '', messages: [{ role: 'user', text: 'hello' }], tools: [] };
const scope = (over: object = {}) => ({ key: 'k', signal: new AbortController().signal, deadline: undefined, ...over });
const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
const turns = async () => {
  for (let turn = 0; turn < 10; turn++) await new Promise((next) => setImmediate(next));
};

/** A provider on a virtual clock, and calls that are all made at once. `refuses` gives the status of a refusal, and the pause that it asks for. */
function provider(refuses: (now: number, nth: number) => { status: number; retryAfter?: number } | undefined) {
  const clock = virtualClock({ start: 0 });
  let asked = 0;
  const model: Model = {
    id: 'test:model',
    async *stream() {
      const refusal = refuses(clock.now(), asked++);
      await Promise.resolve();
      if (refusal) {
        const { status, retryAfter } = refusal;
        throw new TroupeError('transient', `status ${status}`, { retryAfter, data: { status } });
      }
      yield { type: 'text', text: 'Here.' };
      yield { type: 'finish', reason: 'stop', usage, model: 'test:model' };
    },
  };
  const paces = new Map([[model.id, pace(clock, { first: 1_000, longest: 60_000 })]]);
  const { answer } = gateway({ clock, env: {}, breaker: () => breaker(), pace: (id) => paces.get(id) ?? never() });
  return {
    clock,
    asked: () => asked,
    async calls(count: number, over: object = {}) {
      const state = { open: count };
      const ends = Array.from({ length: count }, () =>
        answer([model], ask, scope(over)).then(
          () => 'answered',
          (thrown: unknown) => toFailure(thrown).kind,
        ),
      );
      for (const end of ends) void end.then(() => state.open--);
      for (await turns(); state.open > 0 && clock.next !== undefined; await turns())
        clock.advance(clock.next - clock.now());
      const found = await Promise.all(ends);
      return Object.fromEntries([...new Set(found)].map((end) => [end, found.filter((each) => each === end).length]));
    },
  };
}
const never = (): never => {
  throw new Error('There is one model.');
};

/** Takes so many calls in each second. */
const rate = (perSecond: number, retryAfter?: number) => {
  const taken = new Map<number, number>();
  return (now: number) => {
    const second = Math.floor(now / 1_000);
    const before = taken.get(second) ?? 0;
    if (before >= perSecond) return { status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) };
    taken.set(second, before + 1);
    return undefined;
  };
};

test.each([
  ['that says for how long', 1_000],
  ['that does not say for how long', undefined],
])('a hundred calls at once are answered by a provider that takes ten a second, %s', async (_, retryAfter) => {
  const { calls, asked, clock } = provider(rate(10, retryAfter));
  expect(await calls(100)).toEqual({ answered: 100 });
  // Without a pace each of a hundred calls would be refused again and again.
  expect(asked()).toBeLessThan(350);
  expect(clock.now()).toBeLessThan(60_000);
});

test('calls are answered by a provider that was away for a second', async () => {
  const { calls } = provider((now) => (now < 1_000 ? { status: 503 } : undefined));
  expect(await calls(40)).toEqual({ answered: 40 });
});

test('a provider that answers nobody fails a call after three attempts, and the others soon', async () => {
  const { calls, asked, clock } = provider(() => ({ status: 429 }));
  expect(await calls(1)).toEqual({ transient: 1 });
  expect(asked()).toBe(3);
  const before = clock.now();
  expect(await calls(200)).toEqual({ transient: 200 });
  expect(asked()).toBeLessThan(250);
  expect(clock.now() - before).toBeLessThan(20_000);
  // It is asked again from time to time, and not by everyone.
  const then = asked();
  clock.advance(60_000);
  expect(await calls(20)).toEqual({ transient: 20 });
  expect(asked() - then).toBeLessThan(25);
});

test('a pause of ten minutes and more is not waited for', async () => {
  const { calls, asked, clock } = provider(() => ({ status: 429, retryAfter: 3_600_000 }));
  expect(await calls(1)).toEqual({ transient: 1 });
  expect([asked(), clock.now()]).toEqual([1, 0]);
});

test('a call that waits is stopped, and ends at its deadline', async () => {
  const busy = () => provider((now, nth) => (nth > 0 ? { status: 429, retryAfter: 60_000 } : undefined));
  const late = busy();
  expect(await late.calls(3, { deadline: 5_000 })).toEqual({ answered: 1, transient: 2 });
  expect(await late.calls(1, { deadline: late.clock.now() + 5_000 })).toEqual({ expired: 1 });
  const stop = new AbortController();
  const stopped = busy();
  stopped.clock.wake(10_000, () => stop.abort());
  expect(await stopped.calls(3, { signal: stop.signal })).toEqual({ answered: 1, cancelled: 2 });
});
