/** Before a call of a model the most that it can cost is reserved: calls at once never exceed the budget of their team together, and no budget ends a run while money may come free. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { agent, asTool, guarded, guardrails, mapReduce, orchestrator, type Budget, type Runnable } from 'troupe';
import {
  cassette,
  cassetteText,
  crashEverywhere,
  expectSurvival,
  exportRun,
  scriptedModel,
  testRuntime,
} from 'troupe/testing';
import { sleep, type Clock } from '../../../src/values/clock.ts';
import type { Model } from '../../../src/contracts/model.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { dose } from '../../dose.ts';

/** A dollar for a thousand output tokens, and nothing for input. */
const prices = { 'scripted:model': { input: 0, output: 1_000 } };

interface Cost {
  /** The output tokens of each call, in the order of the calls of one worker. */
  readonly outputs?: readonly number[];
  /** The most output tokens, as the definition says; not said by default. */
  readonly most?: number;
  /** How many calls fail at first. */
  readonly failing?: number;
}

/** Workers whose calls take a second each: `together` is how many were under way at once. */
function workers({ outputs = [400], most, failing = 0 }: Cost, isPriced: boolean) {
  const seen = { made: 0, now: 0, together: 0, limits: [] as (number | undefined)[] };
  const time: { clock?: Clock } = {};
  const scripted = scriptedModel(({ messages, maxOutputTokens = Infinity }) => {
    const turn = messages.filter(({ role }) => role === 'assistant').length;
    // As a model does: its answer is never longer than it may be.
    const output = Math.min(outputs[turn] ?? 0, maxOutputTokens);
    const usage = { inputTokens: 0, outputTokens: output, usd: isPriced ? null : output / 1_000 };
    if (seen.made <= failing) return { error: { status: 400 } };
    return turn + 1 < outputs.length
      ? { calls: [{ name: 'nothing', input: { turn } }], usage }
      : { text: 'Done.', usage };
  });
  const model: Model = {
    id: scripted.id,
    async *stream(request, scope) {
      seen.made++;
      seen.limits.push(request.maxOutputTokens);
      seen.together = Math.max(seen.together, ++seen.now);
      try {
        if (time.clock) await sleep(time.clock, 1_000, scope.signal);
        yield* scripted.stream(request, scope);
      } finally {
        seen.now--;
      }
    },
  };
  const subject = agent({
    name: 'worker',
    model,
    limits: { maxToolFailures: 50, maxRecoveries: 0 },
    ...(most === undefined ? {} : { maxOutputTokens: most }),
  });
  return { subject, seen, time };
}

const fan = (map: unknown, budget: Budget, width: number, more: object = {}) =>
  mapReduce({
    name: 'fan',
    split: (text) => text.split(' '),
    map: map as ReturnType<typeof workers>['subject'],
    reduce: (all) => all.length,
    concurrency: width,
    budget,
    ...more,
  });

async function outcomeOf(subject: Runnable, width: number, isPriced: boolean, time: { clock?: Clock } = {}) {
  await using runtime = await testRuntime(isPriced ? { gateway: { prices } } : {});
  time.clock = runtime.clock;
  const run = await runtime.start(subject, Array.from({ length: width }, (_, index) => `${index}`).join(' ') as never);
  await runtime.advance('30m');
  const outcome = await run.outcome();
  const usage = ('usage' in outcome && outcome.usage) || { usd: 0, inputTokens: 0, outputTokens: 0 };
  return { outcome, usd: usage.usd ?? 0, tokens: usage.inputTokens + usage.outputTokens };
}

const forms: [string, (worker: never) => unknown][] = [
  ['agents', (worker) => worker],
  ['guarded agents', (worker) => guarded(worker, [guardrails.timeout({ max: '1h' }), guardrails.budget({ usd: 50 })])],
  ['members of an orchestrator', (worker) => orchestrator({ name: 'pool', members: [worker] })],
];

test.each(
  forms.flatMap(([form, wrap]) =>
    [
      [2, { usd: 0.5 }],
      [2, { tokens: 500_000 }],
      [3, { usd: 0.9 }],
    ].map(([width, budget]) => [width as number, form, budget as Budget, wrap] as const),
  ),
)(
  '%i %s at once with large shares of %j, which allows one call of unknown cost: one is made',
  async (width, _, budget, wrap) => {
    const { subject, seen, time } = workers(
      { outputs: [budget.usd === undefined ? 400_000 : budget.usd * 800] },
      false,
    );
    const { outcome, usd, tokens } = await outcomeOf(fan(wrap(subject as never), budget, width), width, false, time);
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect(seen.made).toBe(1);
    expect(usd).toBeLessThanOrEqual(budget.usd ?? Infinity);
    expect(tokens).toBeLessThanOrEqual(budget.tokens ?? Infinity);
  },
);

test.each(forms)(
  '%s whose calls may cost as much as there is make them one after the other, and all are made',
  async (_, wrap) => {
    for (const width of [2, 3]) {
      const { subject, seen, time } = workers({ outputs: [100], most: 450 }, true);
      const { outcome, usd } = await outcomeOf(fan(wrap(subject as never), { usd: 0.85 }, width), width, true, time);
      expect(outcome).toMatchObject({ status: 'done', output: width });
      expect(seen).toMatchObject({ made: width, together: 1 });
      expect(usd).toBeCloseTo(width * 0.1);
    }
  },
);

test.each(forms)('%s whose calls fit side by side make them at once, the first ones too', async (_, wrap) => {
  const { subject, seen, time } = workers({ outputs: [100], most: 400 }, true);
  const { outcome } = await outcomeOf(fan(wrap(subject as never), { usd: 1.3 }, 3), 3, true, time);
  expect(outcome).toMatchObject({ status: 'done', output: 3 });
  expect(seen).toMatchObject({ made: 3, together: 3 });
});

test('a call that costs more than all before it exceeds nothing, because the most it can cost was reserved', async () => {
  const { subject, seen, time } = workers({ outputs: [10, 10, 10, 400], most: 400 }, true);
  const { outcome, usd } = await outcomeOf(fan(subject, { usd: 1.3 }, 3), 3, true, time);
  expect(outcome).toMatchObject({ status: 'done', output: 3 });
  expect(usd).toBeCloseTo(3 * 0.43);
  expect(seen.made).toBe(12);
});

test('what is left at last is used: the answer is limited to it', async () => {
  const { subject, seen, time } = workers({ outputs: [290], most: 2_000 }, true);
  const { outcome, usd } = await outcomeOf(fan(subject, { usd: 0.9 }, 2), 2, true, time);
  expect(outcome).toMatchObject({ status: 'done', output: 2 });
  expect(usd).toBeCloseTo(0.58);
  expect(seen).toMatchObject({ together: 1, limits: [900, 610] });
});

test.each([true, false])(
  'what was reserved for a call that failed is free again (prices known: %s)',
  async (isPriced) => {
    const { subject, seen, time } = workers(
      { outputs: [400], failing: 1, ...(isPriced ? { most: 400 } : {}) },
      isPriced,
    );
    const { outcome, usd } = await outcomeOf(fan(subject, { usd: 0.5 }, 2, { maxFailures: 1 }), 2, isPriced, time);
    expect(outcome).toMatchObject({ status: 'done', output: 1 });
    expect(usd).toBeCloseTo(0.4);
    expect(seen).toMatchObject({ made: 2, together: 1 });
  },
);

test('agents that an agent calls at once reserve of its budget in the same way', async () => {
  const { subject, seen, time } = workers({ outputs: [100], most: 400 }, true);
  const boss = agent({
    name: 'boss',
    budget: { usd: 0.8 },
    tools: [asTool(subject, { description: 'Works.' })],
    model: scriptedModel(({ messages }) =>
      messages.length === 1
        ? { calls: [1, 2, 3].map(() => ({ name: 'worker', input: { task: 'x' } })) }
        : {
            text: `${messages.flatMap((each) => (each.role === 'tool' ? each.results : [])).filter(({ ok }) => ok).length}`,
          },
    ),
  });
  const { outcome } = await outcomeOf(boss, 1, true, time);
  expect(outcome).toMatchObject({ status: 'done', output: '3' });
  expect(seen).toMatchObject({ made: 3, together: 2 });
});

test('an idle share is lent to the member that can go on with it', async () => {
  // Each has a share of 0.3 after its first call, and needs 0.5 for the second.
  const { subject, seen, time } = workers({ outputs: [50, 450], most: 450 }, true);
  const { outcome } = await outcomeOf(fan(subject, { usd: 1.01 }, 2), 2, true, time);
  expect(outcome).toMatchObject({ status: 'done', output: 2 });
  expect(seen.made).toBe(4);
});

test('what is reserved is neither lost nor doubled by a crash at any moment', async () => {
  const subject = () => fan(workers({ outputs: [50, 200], most: 300 }, false).subject, { usd: 0.7, tokens: 900 }, 2);
  const report = await crashEverywhere(() => ({ subject: subject(), input: '0 1' as never }), {
    sample: dose(10, 1_000),
  });
  expectSurvival(report);
});

test('a run in a file goes on after a restart while one member calls its model and the others wait for what it reserved', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reserved-'));
  try {
    const { subject, seen, time } = workers({ outputs: [100, 100], most: 450 }, true);
    const team = fan(subject, { usd: 0.95 }, 3);
    const open = async () => {
      const runtime = await testRuntime({ gateway: { prices }, journal: await sqlite(join(folder, 'runs.db')) });
      time.clock = runtime.clock;
      return runtime;
    };
    let run: string;
    {
      await using first = await open();
      run = (await first.start(team, '0 1 2')).id;
      await first.advance(500);
      expect(seen).toMatchObject({ now: 2, together: 2 });
    }
    await using second = await open();
    const resumed = await second.resume(run, team);
    await second.advance('30m');
    const outcome = await resumed.outcome();
    expect(outcome).toMatchObject({ status: 'done', output: 3 });
    expect(outcome).toMatchObject({ usage: { usd: expect.closeTo(0.6) } });
    expect(seen.together).toBe(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a recording of a run that reserved is replayed without a difference, and so is one in which two members asked first', async () => {
  for (const most of [450, undefined]) {
    const { subject, time } = workers(
      { outputs: [50, 100], ...(most === undefined ? {} : { most }) },
      most !== undefined,
    );
    const team = fan(subject, { usd: 0.7 }, 2);
    await using runtime = await testRuntime(most === undefined ? {} : { gateway: { prices } });
    time.clock = runtime.clock;
    const run = await runtime.start(team, '0 1');
    await runtime.advance('30m');
    expect(await run.outcome()).toMatchObject({ status: 'done', output: 2 });
    const folder = mkdtempSync(join(tmpdir(), 'reserved-'));
    try {
      const file = join(folder, 'fan.json');
      writeFileSync(file, cassetteText(await exportRun(runtime.journal, run.id)));
      expect((await cassette(file).replay(team)).drift).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});

test('a run that began before its members had a limit of their answers goes on when they have one', async () => {
  const journal = memory();
  const before = workers({ outputs: [100, 100] }, true);
  const after = workers({ outputs: [100, 100], most: 450 }, true);
  let run: string;
  {
    await using first = await testRuntime({ gateway: { prices }, journal });
    before.time.clock = first.clock;
    run = (await first.start(fan(before.subject, { usd: 0.95 }, 3), '0 1 2')).id;
    await first.advance(500);
    expect(before.seen.now).toBe(1);
  }
  await using second = await testRuntime({ gateway: { prices }, journal });
  after.time.clock = second.clock;
  const resumed = await second.resume(run, fan(after.subject, { usd: 0.95 }, 3));
  await second.advance('30m');
  expect(await resumed.outcome()).toMatchObject({
    status: 'done',
    output: 3,
    usage: { usd: expect.closeTo(0.6) as number },
  });
});

test('any team of any width does all its work when the budget suffices in sum, and never spends more than it has', async () => {
  const team = fc.record({
    width: fc.integer({ min: 2, max: 4 }),
    outputs: fc.array(fc.integer({ min: 10, max: 400 }), { minLength: 1, maxLength: 3 }),
    isPriced: fc.boolean(),
    isSaid: fc.boolean(),
    share: fc.constantFrom(0.3, 0.7, 1.5),
  });
  await fc.assert(
    fc.asyncProperty(team, async ({ width, outputs, isPriced, isSaid, share }) => {
      const dearest = Math.max(...outputs);
      const whole = (outputs.reduce((a, b) => a + b) * width) / 1_000;
      const budget = whole * share + dearest / 1_000 + 0.001;
      const { subject, time } = workers({ outputs, ...(isSaid ? { most: dearest } : {}) }, isPriced);
      const { outcome, usd } = await outcomeOf(fan(subject, { usd: budget, steps: 500 }, width), width, isPriced, time);
      if (isPriced && isSaid) {
        expect(usd).toBeLessThanOrEqual(budget + 1e-9);
        if (share > 1) expect(outcome.status).toBe('done');
      }
      expect(['done', 'failed']).toContain(outcome.status);
      if (outcome.status === 'failed') expect(outcome.failure.kind).toBe('budget');
      // Without a limit of the answers each holder may err once.
      expect(usd).toBeLessThanOrEqual(budget + (dearest / 1_000) * width);
    }),
    { seed: Number(process.env.SEED ?? 20_261_128), numRuns: dose(15, 200) },
  );
});
