/** The health of agents, models and tool servers, by their recent calls. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, protocol, team, TroupeError, type FailureKind, type Model } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import {
  CallNote,
  callNoteIn,
  healthOf,
  healthStatus,
  healthSummary,
  withCall,
  type CallRecord,
  type Streak,
} from '../../src/contracts/health.ts';
import { healthTracker } from '../../src/observe/health.ts';
import { commit, effect, noon } from './inspections.ts';

const failure = { kind: 'transient', message: 'busy', retryable: true } as const;
const good = (at: number, took = 100): CallRecord => ({ at, took });
const bad = (at: number, took = 100): CallRecord => ({ at, took, failure });

test.each([
  ['no calls', [], 'healthy', 0],
  ['no failure', [good(0), good(1)], 'healthy', 0],
  ['one of three', [bad(0), good(1), good(2)], 'degraded', 1 / 3],
  ['a half', [bad(0), good(1)], 'failing', 1 / 2],
  ['all', [bad(0)], 'failing', 1],
] as const)('%s failed', (_, calls, status, rate) => {
  expect(healthSummary(calls, 10)).toMatchObject({ status, rate, calls: calls.length });
});

test('a failure stops counting after enough later calls, or after some time', () => {
  const calls = [bad(0), ...Array.from({ length: 19 }, (_, i) => good(i + 1))];
  expect(healthSummary(calls, 20).status).toBe('degraded');
  expect(healthSummary([...calls, good(20)], 21).status).toBe('healthy');
  expect(healthSummary([bad(0)], 299_999).status).toBe('failing');
  expect(healthSummary([bad(0)], 300_000)).toMatchObject({
    status: 'healthy',
    calls: 0,
    lastFailure: { message: 'busy' },
  });
});

test('the note of a call is read as its schema reads it, and a call that a model asks for is none', () => {
  const some = (...values: unknown[]) => fc.constantFrom(...values);
  const note = fc.record(
    {
      type: some('call', 'text', 1),
      kind: some('model', 'tools', 'agent', undefined),
      name: some('a', '', 1),
      took: some(0, -0, 1.5, -1, NaN, Infinity, '1'),
      failure: some(failure, { ...failure, kind: 'unknown' }, null, undefined),
      more: some(1),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(note, (given) => {
      expect(callNoteIn(given)).toEqual(CallNote.safeParse(given).data);
    }),
    { numRuns: 500 },
  );
  for (const given of [null, undefined, 'call', [], { type: 'call', call: { id: 'c', name: 'read', input: {} } }])
    expect(callNoteIn(given)).toBeUndefined();
});

test('the status alone is that of the summary', () => {
  const call = fc.tuple(fc.boolean(), fc.nat({ max: 400_000 }));
  fc.assert(
    fc.property(
      fc.array(call, { maxLength: 40 }),
      fc.nat({ max: 500_000 }),
      fc.integer({ min: 1, max: 30 }),
      (all, now, calls) => {
        const records = all.map(([well, at]) => (well ? good(at) : bad(at)));
        const window = { calls, within: 300_000 };
        expect(healthStatus(records, now, window)).toBe(healthSummary(records, now, window).status);
      },
    ),
  );
});

test("the health data in a machine's context gives the same result, and stays small", () => {
  const window = { calls: 8, within: 100 };
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 40 })), { maxLength: 60 }), (ends) => {
      let now = 0;
      let streaks: readonly Streak[] = [];
      // All within the window: a streak is kept at least as long as the calls.
      const calls = ends.map(([well]) => (well ? good(++now / 100) : bad(++now / 100)));
      for (const { at, failure: why } of calls) streaks = withCall(streaks, { at, well: why === undefined }, window);
      expect(healthOf(streaks, 1, window)).toBe(healthSummary(calls, 1, window).status);
      expect(streaks.reduce((sum, streak) => sum + streak.calls, 0)).toBe(Math.min(calls.length, 8));
      for (const [well, after] of ends) streaks = withCall(streaks, { at: (now += after), well }, window);
      expect(streaks.length).toBeLessThanOrEqual(8);
      expect(healthOf(streaks, now + 100, window)).toBe('healthy');
    }),
  );
});

test('latency is given as a mean weighted towards recent calls, and as percentiles', () => {
  const latency = (...took: number[]) =>
    healthSummary(
      took.map((ms, at) => good(at, ms)),
      10,
    ).latency;
  expect(latency(100, 120, 200, 220, 300)).toMatchObject({ p50: 200, p95: 300 });
  expect(latency(100, 200)!.mean).toBeCloseTo(100 + (2 / 3) * 100);
  expect(latency()).toBeUndefined();
});

/** A model with a list of outcomes: true answers, a kind of failure fails. */
function moody(id: string, moods: (true | FailureKind)[]): Model {
  return {
    id,
    async *stream() {
      const mood = moods.shift() ?? true;
      if (mood !== true) throw new TroupeError(mood, `${id} is out`);
      yield { type: 'text', text: 'Done.' };
      const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
      yield { type: 'finish', reason: 'stop', usage, model: id };
    },
  };
}

test('a failing model is shown even when a fallback answers, and is healthy again after five minutes', async () => {
  await using runtime = await testRuntime({ gateway: { retry: { times: 1 } } });
  const clerk = agent({ name: 'clerk', model: [moody('a:one', ['transient']), moody('b:two', [])] });
  const { status } = await (await runtime.start(clerk, 'Go.')).outcome();
  expect(status).toBe('done');
  expect(runtime.health()).toMatchObject({
    overall: 'failing',
    components: [
      {
        kind: 'model',
        name: 'a:one',
        status: 'failing',
        calls: 1,
        failures: 1,
        lastFailure: { message: 'a:one is out' },
      },
      { kind: 'model', name: 'b:two', status: 'healthy', calls: 1, failures: 0 },
      { kind: 'agent', name: 'clerk', status: 'healthy', calls: 1 },
    ],
  });
  await runtime.advance('5m');
  expect(runtime.health().overall).toBe('healthy');
});

test('every attempt of a model call counts, not only the last', async () => {
  await using runtime = await testRuntime();
  const clerk = agent({ name: 'clerk', model: moody('a:one', ['transient', 'timeout', true]) });
  const run = await runtime.start(clerk, 'Go.');
  await runtime.advance('10s');
  expect((await run.outcome()).status).toBe('done');
  expect(runtime.health().components[0]).toMatchObject({ name: 'a:one', calls: 3, failures: 2, status: 'failing' });
});

test('members of a team have their names in the health report, and a failing agent is unhealthy', async () => {
  const Desk = protocol({
    ask: { body: z.object({ q: z.string() }), replies: ['answer'] },
    answer: { body: z.object({ text: z.string() }) },
  });
  const member = (name: string) =>
    agent({ name, protocol: Desk, handles: ['ask'], model: moody(`m:${name}`, ['auth']) });
  const desk = team({
    name: 'desk',
    protocol: Desk,
    members: { clerk: member('clerk') },
    accepts: 'ask',
    returns: 'answer',
    route: { ask: ({ body }, { to }) => to('clerk', 'ask', body), answer: ({ body }, { finish }) => finish(body) },
  });
  await using runtime = await testRuntime();
  await (await runtime.start(desk, { q: 'Why?' })).outcome();
  const found = runtime.health().components.find(({ kind }) => kind === 'agent');
  expect(found).toMatchObject({ name: 'clerk', status: 'failing', lastFailure: { kind: 'auth' } });
});

test('a tool server that refuses a call is healthy; one that does not answer is not', async () => {
  const source = (name: string, kind: FailureKind) => ({
    name,
    list: () =>
      Promise.resolve([
        {
          name: 'look',
          description: 'Looks.',
          input: { type: 'object' },
          effect: 'read' as const,
          tier: 'core' as const,
          capabilities: [],
          approval: false,
          source: name,
        },
      ]),
    call: () => Promise.reject(new TroupeError(kind, 'no', { retryable: false })),
    idempotent: () => true,
    onChange: () => ({ [Symbol.dispose]() {} }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const clerk = agent({
    name: 'clerk',
    tools: [source('polite', 'tool'), source('gone', 'environment')],
    model: scriptedModel([{ calls: [{ name: 'polite__look' }, { name: 'gone__look' }] }, { text: 'Well.' }]),
  });
  await using runtime = await testRuntime();
  await runtime.start(clerk, 'Go.');
  await runtime.advance('1m');
  const tools = runtime.health().components.filter(({ kind }) => kind === 'tools');
  expect(Object.fromEntries(tools.map(({ name, status }) => [name, status]))).toEqual({
    gone: 'failing',
    polite: 'healthy',
  });
});

test('a call that its caller cancelled, denied or could not pay for does not count for the health of the callee', () => {
  const tracker = healthTracker(() => {});
  for (const kind of ['cancelled', 'expired', 'denied', 'budget'] as const)
    tracker.observe(
      commit({ status: 'done', context: { outcome: { status: 'failed' }, failure: { ...failure, kind } } }),
    );
  expect(tracker.report(noon)).toEqual({ overall: 'healthy', components: [] });
});

test('a server whose tools cannot be listed counts one failure', () => {
  const tracker = healthTracker(() => {});
  const gone = { kind: 'environment', message: 'gone', retryable: true, data: { server: 'files' } } as const;
  tracker.observe(effect('effect.failed', { name: 'discover', failure: gone }));
  expect(tracker.report(noon).components).toMatchObject([{ kind: 'tools', name: 'files', calls: 1, failures: 1 }]);
  // A call that reported its failure itself is not counted again when its effect fails.
  const note = { type: 'call', kind: 'tools', name: 'files', took: 5, failure: { ...failure } };
  tracker.observe({ type: 'progress', at: noon, run: 'r1', actor: 'agent/r1.writer', key: 'k2', note });
  tracker.observe(effect('effect.failed', { name: 'runTool', key: 'k2', failure: gone }));
  expect(tracker.report(noon).components).toMatchObject([{ calls: 2, failures: 2 }]);
});

test('observers receive every change of health once, after the call that caused it', async () => {
  await using runtime = await testRuntime({ gateway: { retry: { times: 1 } } });
  const model = moody('a:one', [true, 'transient', true]);
  for (let n = 0; n < 3; n++) await runtime.start(agent({ name: 'clerk', model }), 'Go.');
  await runtime.advance('1m');
  const turns = runtime.seen.flatMap((event) =>
    event.type === 'health' && event.component.kind === 'model' ? [[event.from, event.standing.status]] : [],
  );
  expect(turns).toEqual([
    [undefined, 'healthy'],
    ['healthy', 'failing'],
    ['failing', 'degraded'],
  ]);
  const first = runtime.seen.findIndex(({ type }) => type === 'health');
  expect(runtime.seen[first - 1]).toMatchObject({ type: 'progress', note: { type: 'call', name: 'a:one' } });
});

test('malformed progress notes and endless new names are harmless', () => {
  const tracker = healthTracker(() => {});
  const note = (value: object) =>
    tracker.observe({ type: 'progress', at: noon, run: 'r', actor: 'agent/r', key: 'k', note: value as never });
  note({ type: 'call', kind: 'spy', name: 'x', took: 1 });
  note({ type: 'call', kind: 'model', name: 'x', took: -1 });
  expect(tracker.report(noon).components).toEqual([]);
  for (let n = 0; n < 1_100; n++) note({ type: 'call', kind: 'model', name: `m:${n}`, took: 1 });
  expect(tracker.report(noon).components).toHaveLength(1_000);
});
