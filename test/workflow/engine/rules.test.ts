/** The rules of workflows, over random ones: an interpreter that takes one step after the other says how each must end. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { memory } from '../../../src/journal/memory/memory.ts';
import { storedState } from '../../../src/testing/world/storedState.ts';
import type { StepRecord, WorkflowOutput } from '../../../src/contracts/workflow/step.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';
import { answer } from '../../actors/fixtures.ts';
import { dose } from '../../dose.ts';
import { limits } from '../../limits.ts';
import { definitionOfSteps, expectedOf, randomSteps, type RandomStep } from './random.ts';
import { lastOf, runnable, type Outside } from './world.ts';

await loadLanguage();

/** What one run has shown. */
interface Ran {
  readonly output: WorkflowOutput;
  readonly records: readonly StepRecord[];
}

async function ran(steps: readonly RandomStep[], policy = {}, more: Outside = {}): Promise<Ran> {
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const left = new Map(steps.map(({ id, failing }) => [id, failing]));
  const failsNow = (id: string) => {
    const count = left.get(id) ?? 0;
    left.set(id, count - 1);
    return count > 0;
  };
  const { subject } = runnable(definitionOfSteps(steps, policy), {
    model(request) {
      if (failsNow(lastOf(request))) throw new TroupeError('tool', 'Not this time.');
      return answer('{"ok":true}');
    },
    receive: ({ url }) => (failsNow(String(url).split('/').at(-1) ?? '') ? 503 : 200),
    ...more,
  });
  const handle = await runtime.start(subject, { ok: true });
  await runtime.advance('5h');
  const [root] = (await journal.find({ run: handle.id })).filter(({ parent }) => parent === undefined);
  const end = root && storedState(root).output;
  if (!root || !end) throw new Error(`It has not ended: ${JSON.stringify(root)}`);
  return {
    // The chart of a workflow gives its end, and keeps its records.
    output: (end as unknown as { readonly output: WorkflowOutput }).output,
    records: (await journal.list(root.actor, 'records')) as unknown as StepRecord[],
  };
}

test(
  'whatever fails, is skipped and is tried again, a workflow ends as its rules say, and no step begins before those it comes after have ended',
  async () => {
    await fc.assert(
      fc.asyncProperty(randomSteps, async (steps) => {
        const { output, records } = await ran(steps);
        const expected = expectedOf(steps);
        expect(output.status).toBe(expected.status);
        if (expected.status === 'failed') {
          expect(expected.oneOf).toContain(output.status === 'failed' && output.step);
        } else {
          const ends = records.map(({ id, end }) => [
            id,
            end.status === 'skipped' ? `skipped ${end.reason}` : end.status,
          ]);
          expect(Object.fromEntries(ends)).toEqual(expected.ends);
        }
        // One record for each step, and each begins after the steps before it.
        expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
        const ended = new Map(records.map(({ id, ended_at }, place) => [id, { place, ended_at }]));
        for (const { id, started_at } of records)
          for (const before of steps.find((step) => step.id === id)?.after ?? []) {
            expect(ended.get(before)?.place).toBeLessThan(ended.get(id)?.place ?? -1);
            expect(ended.get(before)?.ended_at).toBeLessThanOrEqual(started_at);
          }
      }),
      { numRuns: dose(40, 1_000), seed: 20_261_129 },
    );
  },
  limits.long,
);

test(
  'whatever a workflow does, its steps together never cost more than its budget',
  async () => {
    // A call can cost at most what ten tokens in and ten out cost.
    const price = { input: 10_000, output: 40_000 };
    const most = (10 * price.input + 10 * price.output) / 1e6;
    let spending = 0;
    await fc.assert(
      fc.asyncProperty(
        randomSteps,
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(fc.nat(10)),
        async (steps, tenths, parts) => {
          const budgetUsd = (tenths * most) / 10;
          const { output } = await ran(
            steps.map((step) => ({ ...step, kind: step.kind === 'wait' ? 'agent' : step.kind })),
            { budgetUsd },
            {
              price,
              model: () => {
                const usd = (most * (parts.next().value ?? 0)) / 10;
                const made = answer('{"ok":true}');
                return { ...made, usage: { ...made.usage, usd } };
              },
            },
          );
          if (output.metrics.cost_usd > 0) spending++;
          expect(output.metrics.cost_usd).toBeLessThanOrEqual(budgetUsd + 1e-6);
        },
      ),
      { numRuns: dose(40, 1_000), seed: 20_261_129 },
    );
    expect(spending).toBeGreaterThan(5);
  },
  limits.long,
);
