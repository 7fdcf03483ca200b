/** One logical step has one key: the call, what looks it up, what repeats it, and what a person has done again. A world that honours keys does it once. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { agent, tool } from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, simulate, type MakeScenario } from 'troupe/testing';
import type { ToolScope, ToolSource } from '../../src/contracts/tool.ts';
import { EffectRunner } from '../../src/engine/effectRunner.ts';
import { localTools } from '../../src/tools/local.ts';

afterEach(() => vi.restoreAllMocks());

interface Kind {
  readonly idempotent?: true;
  readonly reconcile?: true;
}

/** Pays once, into a world that counts the keys of payments. `through` wraps the source of the tool. */
function payment(kind: Kind, through: (source: ToolSource) => ToolSource = (source) => source) {
  const paid = new Set<string>();
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    effect: 'write',
    input: z.object({ euros: z.number() }),
    output: z.string(),
    run: (_, { key }) => (paid.add(key), 'paid'),
    ...(kind.idempotent ? { idempotent: true } : {}),
    ...(kind.reconcile
      ? {
          reconcile: async (_: unknown, { key }: ToolScope) =>
            paid.has(key) ? { done: true, output: 'paid' } : { done: false },
        }
      : {}),
  });
  const subject = agent({
    name: 'payer',
    tools: [through(localTools([pay]))],
    model: scriptedModel(({ messages }) =>
      messages.length < 2 ? { calls: [{ name: 'pay', input: { euros: 5 } }] } : { text: 'Paid.' },
    ),
  });
  // A person says that it did not happen, always.
  return { subject, input: 'Pay.', answer: () => ({ happened: false }), world: () => paid.size };
}

const kinds: readonly (readonly [string, Kind])[] = [
  ['that honours its key', { idempotent: true }],
  ['that can be looked up', { reconcile: true }],
  ['of which a person says that it did not happen', {}],
];

test.each(kinds)('a write %s happens once, wherever the process is killed', async (_, kind) => {
  expectSurvival(await crashEverywhere(() => payment(kind)));
});

test.each(kinds)('a write %s has one key under all faults', async (_, kind) => {
  const { failures } = await simulate(() => payment(kind), { seeds: 20 });
  expect(failures.flatMap(({ problems }) => problems)).toEqual([]);
});

let attempts = 0;
const rekeyed = (scope: ToolScope): ToolScope => ({ ...scope, key: `${scope.key}~${attempts++}` });
const overSource = (over: (source: ToolSource) => Partial<ToolSource>) => (source: ToolSource) => ({
  ...source,
  ...over(source),
});

const mutants: readonly (readonly [
  string,
  { kind: Kind; through?: (source: ToolSource) => ToolSource; plant?: () => void; says: RegExp },
])[] = [
  [
    'an idempotent write that is called under a new key each time',
    {
      kind: { idempotent: true },
      through: overSource((source) => ({ call: (name, input, scope) => source.call(name, input, rekeyed(scope)) })),
      says: /one call of "pay" .* had two keys.*E2/,
    },
  ],
  [
    'a look-up that asks under another key',
    {
      kind: { reconcile: true },
      through: overSource((source) => ({
        reconcile: async (name, input, scope) => source.reconcile?.(name, input, rekeyed(scope)),
      })),
      says: /one call of "pay" .* had two keys.*E2/,
    },
  ],
  [
    'an engine that repeats an effect under a new key',
    {
      kind: { idempotent: true },
      plant() {
        const { start } = EffectRunner.prototype;
        vi.spyOn(EffectRunner.prototype, 'start').mockImplementation(function (this: EffectRunner, pending, again) {
          return start.call(this, again ? { ...pending, key: `${pending.key}~` } : pending, again);
        });
      },
      says: /was performed under .*~, which no commit asked for.*E2/,
    },
  ],
];

describe.each(mutants)('%s', (_, { kind, through, plant, says }) => {
  const make: MakeScenario = () => payment(kind, through);

  test('is found by the crash test', async () => {
    plant?.();
    const { violations } = await crashEverywhere(make);
    expect(violations.map(({ problem }) => problem).join('\n')).toMatch(says);
  });

  test('is found by the simulator', async () => {
    plant?.();
    const found: string[] = [];
    for (let seed = 1; seed <= 400 && found.length === 0; seed += 20) {
      const { failures } = await simulate(() => payment(kind, through), { seed, seeds: 20, shrink: false });
      found.push(...failures.flatMap(({ problems }) => problems));
    }
    expect(found.join('\n')).toMatch(says);
  });
});
