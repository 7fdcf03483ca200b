/** The policies for calls of one's own: retries, timeouts, and the context window. */
import { expect, test } from 'vitest';
import {
  agent,
  estimateTokens,
  pruneMessages,
  retryPauses,
  retryPolicies,
  run,
  timeoutPolicy,
  TroupeError,
  withContextWindow,
  withRetry,
  withTimeLimit,
} from 'troupe';
import { scriptedModel, virtualClock } from 'troupe/testing';

/** Makes a call that fails so often, and gives the pauses between its attempts. */
async function pausesOf(
  failures: number,
  options: Parameters<typeof withRetry>[1],
  error: unknown = new Error('busy'),
) {
  const clock = virtualClock();
  const at: number[] = [];
  const ended = withRetry(
    (attempt) => {
      at.push(clock.now());
      if (attempt <= failures) throw error;
      return attempt;
    },
    { ...options, clock },
  ).then(
    (value) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  );
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
    await new Promise((resolve) => void setImmediate(resolve));
    if (clock.next !== undefined) clock.advance(clock.next - clock.now());
  }
  return { end: await ended, pauses: at.slice(1).map((time, index) => time - at[index]!) };
}

test('pauses are 200, 400 and 800 milliseconds, and none is longer than the cap', async () => {
  expect(retryPauses({ attempts: 4 })).toEqual([200, 400, 800]);
  expect(retryPauses({ attempts: 9 }).slice(-3)).toEqual([6_400, 10_000, 10_000]);
  expect(retryPauses()).toEqual([200, 400]);
  expect(retryPauses(retryPolicies.none)).toEqual([]);
  expect(retryPauses(retryPolicies.aggressive)).toEqual([200, 400, 800, 1_600]);
  expect(retryPauses({ attempts: 4, first: '1s', longest: '2s', factor: 3 })).toEqual([1_000, 2_000, 2_000]);
  expect(await pausesOf(3, { attempts: 4, jitter: false })).toEqual({ end: { value: 4 }, pauses: [200, 400, 800] });
});

test('with jitter each pause is somewhere between nothing and its bound', async () => {
  const { pauses } = await pausesOf(6, { attempts: 7 });
  expect(pauses).toHaveLength(6);
  for (const [index, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThan(0);
    expect(pause).toBeLessThanOrEqual(200 * 2 ** index);
  }
  expect(new Set(pauses.map((pause, index) => pause / 2 ** index)).size).toBeGreaterThan(1);
});

test('the last error is thrown when the attempts are used up, or when another attempt cannot help', async () => {
  const error = new Error('no');
  expect(await pausesOf(9, { attempts: 3, jitter: false }, error)).toEqual({
    end: { thrown: error },
    pauses: [200, 400],
  });
  expect(await pausesOf(9, { when: () => false }, error)).toEqual({ end: { thrown: error }, pauses: [] });
  expect(await pausesOf(9, retryPolicies.none, error)).toEqual({ end: { thrown: error }, pauses: [] });
});

test('a pause is as long as the error asks for, and ends when the signal fires', async () => {
  const later = new TroupeError('transient', 'busy', { retryAfter: 5_000 });
  expect((await pausesOf(1, { jitter: false }, later)).pauses).toEqual([5_000]);
  const stop = new AbortController();
  const waiting = withRetry(() => Promise.reject(new Error('busy')), { signal: stop.signal, clock: virtualClock() });
  await Promise.resolve();
  stop.abort();
  await expect(waiting).rejects.toThrow();
});

test.each([[{ attempts: 0 }], [{ first: -1 }], [{ factor: 0.5 }], [{ tries: 3 }]])('%j is refused', async (policy) => {
  expect(() => retryPauses(policy as never)).toThrow(/The retry policy/);
  await expect(withRetry(() => 1, policy as never)).rejects.toThrow(/The retry policy/);
});

test('a call that takes longer than its timeout is told to stop, and rejects with "timeout"', async () => {
  expect(timeoutPolicy).toEqual({ model: 30_000, tool: 10_000 });
  const clock = virtualClock();
  let signal: AbortSignal | undefined;
  const slow = withTimeLimit((given) => ((signal = given), new Promise(() => {})), '10s', { clock });
  clock.advance(9_999);
  expect(signal?.aborted).toBe(false);
  clock.advance(1);
  await expect(slow).rejects.toMatchObject({ kind: 'timeout', message: expect.stringContaining('10000 ms') as string });
  expect(signal?.aborted).toBe(true);
  expect(await withTimeLimit(() => 'done', 10, { clock })).toBe('done');
  expect(clock.next).toBeUndefined();
  await expect(withTimeLimit(() => Promise.reject(new Error('own')), 10, { clock })).rejects.toThrow('own');
});

const said = (text: string) => ({ role: 'user' as const, text });
const called = (id: string) => ({ role: 'assistant' as const, text: '', calls: [{ id, name: 'look', input: {} }] });
const result = (id: string, content: string) => ({
  role: 'tool' as const,
  results: [{ id, name: 'look', ok: true, content }],
});

test('a conversation that fits stays as it is; otherwise the task and the latest messages stay, calls with their results', () => {
  expect([estimateTokens('abcd'), estimateTokens(''), estimateTokens(said('x'.repeat(40)))]).toEqual([1, 1, 14]);
  expect(estimateTokens('ääää')).toBe(2);
  const short = [said('task'), said('b')];
  expect(pruneMessages(short)).toBe(short);
  const long = 'x'.repeat(4_000);
  const all = [
    said('task'),
    called('1'),
    result('1', long),
    said(long),
    called('2'),
    result('2', 'short'),
    said('last'),
  ];
  const window = { maxTokens: 1_200, reserve: 100, minMessages: 1 };
  expect(pruneMessages(all, window)).toEqual([all[0], all[3], ...all.slice(4)]);
  expect(pruneMessages(all, { ...window, maxTokens: 200 })).toEqual([all[0], ...all.slice(4)]);
  // At least so many stay, however long they are.
  expect(
    pruneMessages([said('task'), said(long), said(long)], { maxTokens: 10, reserve: 20, minMessages: 2 }),
  ).toHaveLength(3);
  expect(pruneMessages(all, window, 'x'.repeat(4_000))).toEqual([all[0], ...all.slice(4)]);
});

test('a model with a context window is shown what fits', async () => {
  const model = scriptedModel([{ text: 'Done.' }]);
  const clerk = agent({ name: 'clerk', model: withContextWindow(model, { maxTokens: 2_000 }) });
  expect(await run(clerk, 'Go.', { db: 'memory' })).toBe('Done.');
  expect(model.requests[0]?.messages).toEqual([said('Go.')]);
  expect(() => pruneMessages([], { maxTokens: 0 })).toThrow(/The context window/);
});
