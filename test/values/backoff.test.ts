/** Retries: how long the pauses are, how many attempts there are, and how many callers retry at once. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effect } from '../../actors/effect.ts';
import { backoff, longestPause } from '../../src/values/backoff.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { ModelRequest } from '../../src/contracts/model.ts';
import { gateway } from '../../src/gateway/gateway.ts';
import { retryBudget } from '../../src/gateway/retryBudget.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { Activity } from '../../src/engine/activity.ts';
import { OutboxRelay } from '../../src/engine/outboxRelay.ts';
import { performEffect } from '../../src/engine/effects.ts';
import { retryWrite } from '../../src/engine/retryWrite.ts';
import { virtualClock, type VirtualClock } from '../../src/testing/clock.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { inProcess } from '../../src/transport/inProcess.ts';

const bounds = { first: 200, longest: 10_000 };

/** Advances the clock until the work has settled. */
async function advanceUntilSettled<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const settled = work.then(() => true);
  while (!(await Promise.race([settled, new Promise((next) => setImmediate(next, false))])))
    if (clock.next !== undefined) clock.advance(clock.next - clock.now());
  return work;
}

describe('the pauses', () => {
  test('may last 200, 400 and 800 milliseconds at the most', () => {
    expect([1, 2, 3].map((failed) => longestPause(failed, bounds))).toEqual([200, 400, 800]);
  });

  test('never last longer than their bound, however often it failed', () => {
    const longer = { first: 200, longest: 7_000 };
    expect([6, 7, 5_000].map((failed) => longestPause(failed, longer))).toEqual([6_400, 7_000, 7_000]);
  });

  test('may grow by another factor', () => {
    expect([1, 2, 3].map((failed) => longestPause(failed, { ...bounds, factor: 3 }))).toEqual([200, 600, 1_800]);
  });

  test('are spread evenly between zero and their bound', () => {
    const randomNumbers = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), randomNumbers, (failed, randomNumber) => {
        const pause = backoff(failed, bounds, randomNumber);
        expect(pause).toBeGreaterThanOrEqual(1);
        expect(Math.abs(pause - randomNumber * longestPause(failed, bounds))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the attempts', () => {
  const attempt = async (times: number, fails: (n: number) => TroupeError | undefined) => {
    const clock = virtualClock();
    let calls = 0;
    const logic = effect(
      async () => {
        const failure = fails(++calls);
        if (failure) throw failure;
        return 'done';
      },
      { retry: { times, backoff: 200 } },
    );
    const scope = {
      key: 'a/b/1/0',
      actor: 'a/b',
      run: 'b',
      signal: new AbortController().signal,
      deadline: undefined,
      clock,
      again: false,
      list: async () => [],
      progress() {},
    };
    const outcome = await advanceUntilSettled(clock, performEffect(logic, { id: 'x', src: 'x', input: null }, scope));
    return { calls, ok: outcome.ok };
  };
  const busy = new TroupeError('transient', 'busy');
  const wrong = new TroupeError('invalid', 'wrong');

  test.each([
    ['a call that always fails is made three times', 3, () => busy, 3, false],
    ['a call whose failure is not retryable is made once', 3, () => wrong, 1, false],
    [
      'a call that fails twice and then succeeds is made three times',
      3,
      (n: number) => (n < 3 ? busy : undefined),
      3,
      true,
    ],
    ['a second failure that is not retryable ends the attempts', 3, (n: number) => (n === 1 ? busy : wrong), 2, false],
    ['without retries there is one call', 1, () => busy, 1, false],
    ['with a limit of five there are five calls', 5, () => busy, 5, false],
  ] as const)('%s', async (_, times, fails, calls, ok) => {
    expect(await attempt(times, fails)).toEqual({ calls, ok });
  });
});

describe('callers that wait for the same thing do not retry at the same moment:', () => {
  const [ending, callerCount] = [new AbortController().signal, 10];
  /** The times of the retries, in milliseconds after the first attempt; none waits longer than its bound. */
  function spread(tries: readonly (readonly number[])[], first: number) {
    const began = Math.min(...tries.flat());
    for (const times of tries)
      times.slice(1).forEach((at, failed) => {
        expect(at - times[failed]!).toBeGreaterThan(0);
        expect(at - times[failed]!).toBeLessThanOrEqual(longestPause(failed + 1, { first, longest: 5_000 }));
      });
    return new Set(tries.map((times) => times.at(-1)! - began)).size;
  }

  test('writers, while the journal is unavailable', async () => {
    const clock = virtualClock();
    const tries = Array.from({ length: callerCount }, (): number[] => []);
    const write = (times: number[]) => () =>
      times.push(clock.now()) < 6 ? Promise.reject(new TroupeError('storage', 'locked')) : Promise.resolve();
    const retryOptions = { clock, ending, gone: () => false, stalled() {} };
    await advanceUntilSettled(clock, Promise.all(tries.map((times) => retryWrite(write(times), () => retryOptions))));
    expect(spread(tries, 100)).toBeGreaterThan(callerCount / 2);
  });

  test('messages, while the mailboxes of their recipients are full', async () => {
    const clock = virtualClock();
    const tries = new Map<string, number[]>();
    const activity = new Activity();
    const relay = new OutboxRelay({
      activity,
      clock,
      ending,
      journal: memory(),
      transport: {
        ...inProcess(),
        async send({ to }) {
          const times = tries.get(to) ?? [];
          tries.set(to, times);
          if (times.push(clock.now()) < 6) throw new TroupeError('mailbox_full', 'later', { retryable: true });
        },
      },
      epoch: () => 1,
      wake: async () => {},
      onUndeliverable: async () => {},
    });
    for (let n = 0; n < callerCount; n++)
      relay.send({ id: `m${n}`, type: 'go', body: {}, from: 'a/a', to: `b/${n}`, run: 'r', kind: 'signal' });
    const delivered = async () => {
      while (!activity.isIdle('r')) await new Promise((next) => setImmediate(next));
    };
    await advanceUntilSettled(clock, delivered());
    expect(spread([...tries.values()], 10)).toBeGreaterThan(callerCount / 2);
  });
});

describe('a retry budget', () => {
  test('is a share of the calls plus a small reserve', () => {
    const budget = retryBudget({ share: 0.5, reserve: 2 });
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    budget.called();
    expect(budget.take()).toBe(false);
    budget.called();
    expect([budget.take(), budget.take()]).toEqual([true, false]);
    for (let n = 0; n < 100; n++) budget.called();
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
  });

  test('keeps an outage from tripling the load', async () => {
    const clock = virtualClock();
    const failingModel = scriptedModel(() => ({ error: { kind: 'transient', message: 'busy' } }));
    const modelGateway = gateway({ clock, env: {}, retry: { times: 3, budget: { share: 0.1, reserve: 5 } } });
    const ask: ModelRequest = { instructions: '', messages: [{ role: 'user', text: 'hello' }], tools: [] };
    const scope = () => ({ key: 'k', signal: new AbortController().signal, deadline: undefined });
    const calls = Array.from({ length: 50 }, () =>
      modelGateway.answer(failingModel, ask, scope()).catch(() => 'failed'),
    );
    await advanceUntilSettled(clock, Promise.all(calls));
    expect(failingModel.requests.length).toBeGreaterThan(50);
    expect(failingModel.requests.length).toBeLessThanOrEqual(50 + 5 + 50 * 0.1);
  });
});

test('a model that never stops streaming is stopped by its time limit', async () => {
  const clock = virtualClock();
  const began = clock.now();
  const endlessModel = {
    id: 'test:talker',
    async *stream() {
      for (;;) {
        await new Promise<void>((next) => void clock.wake(clock.now() + 20_000, next));
        yield { type: 'text' as const, text: 'and ' };
      }
    },
  };
  const modelGateway = gateway({ clock, env: {}, retry: { times: 1 }, patience: { whole: 90_000 } });
  const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
  const work = modelGateway
    .answer(endlessModel, { instructions: '', messages: [], tools: [] }, scope)
    .catch((thrown: unknown) => thrown);
  expect(await advanceUntilSettled(clock, work)).toMatchObject({
    kind: 'timeout',
    message: expect.stringMatching(/1m 30s|90 ?s/) as string,
  });
  expect(clock.now() - began).toBe(90_000);
});
