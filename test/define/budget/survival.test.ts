/** Budgets under crashes and faults: a run ends the same, and its ledger adds up. */
import { expect, test } from 'vitest';
import { crashEverywhere, expectSurvival, simulate } from 'troupe/testing';
import type { Budget } from 'troupe';
import { limits } from '../../limits.ts';
import { budgetTeam } from './budgetTeam.ts';
import { dose } from '../../dose.ts';

const busy = { ada: 6, bob: 2 };
const short: Budget = { steps: 8 };
const answer = () => ({ granted: { steps: 4 } });

test.each([
  ['whose busy member asks for more', () => ({ subject: budgetTeam(short), input: busy })],
  ['that asks a person', () => ({ subject: budgetTeam({ steps: 4 }, { onExhausted: 'ask' }), input: busy, answer })],
  [
    'with a member that asks a person',
    () => {
      const ada = { budget: { steps: 3 }, onExhausted: 'ask' } as const;
      return { subject: budgetTeam({}, { ada }), input: busy, answer };
    },
  ],
])(
  'a team %s has the same result after a crash at any of a sample of points (in CI at every point)',
  async (_, make) => {
    const { points, crashes } = expectSurvival(await crashEverywhere(make, { sample: dose(15, 1_000) }));
    expect(points).toBeGreaterThan(10);
    expect(crashes).toBeGreaterThanOrEqual(Math.min(15, points));
  },
);

const seeds = dose(10, 300);
/** The sum of all usage is within the budget and the grants of a person. */
const within = (steps: number) => ({
  'no more than the budget': ({ root }: { root?: { snapshot: unknown } | undefined }) => {
    const used =
      (root?.snapshot as { state?: { output?: { usage?: { steps: number } } } } | undefined)?.state?.output?.usage
        ?.steps ?? 0;
    return used <= steps ? undefined : `${used} steps were used of ${steps}`;
  },
});

test(
  'under every kind of fault the ledger adds up, and no more than the budget is used',
  { timeout: limits.long },
  async () => {
    const fails = () => ({ subject: budgetTeam(short), input: { ada: 20, bob: 3 }, invariants: within(8) });
    expect((await simulate(fails, { seeds, shrink: false })).failures).toEqual([]);
    const asks = () => ({
      subject: budgetTeam({ steps: 4 }, { onExhausted: 'ask' }),
      input: busy,
      answer,
      invariants: within(12),
    });
    expect((await simulate(asks, { seeds, seed: 1_001, shrink: false })).failures).toEqual([]);
  },
);
