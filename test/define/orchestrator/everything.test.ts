/** Orchestrations under a crash at every point, and under all kinds of faults at once. */
import { expect, test } from 'vitest';
import { limitOfSeeds, limits } from '../../limits.ts';
import { orchestrator, routers, type ExecutionMode, type Orchestrator } from 'troupe';
import { crashEverywhere, expectSurvival, simulate, type SimulationScenario } from 'troupe/testing';
import { echo } from './members.ts';
import { seedsOf } from '../../dose.ts';

const maxTotalSteps = 6;
const modes: readonly ExecutionMode[] = ['sequential', 'parallel:3', 'pipeline'];
const { seeds } = seedsOf(20, 400);

const desk = (mode: ExecutionMode): Orchestrator =>
  orchestrator({
    name: 'desk',
    members: [echo('ada'), echo('bob')],
    router: routers.roundRobin(),
    mode,
    budget: { maxTotalSteps },
    retry: { maxRetries: 2, backoff: '2s', condition: 'onTransient' },
    rotation: { maxFailures: 2, rest: '5s' },
  });
const tasks = ['1', '2', '3', '4'].map((input) => ({ id: `t${input}`, input, timeout: '10m' as const }));

interface Sealed {
  readonly state: {
    readonly context: { readonly consumed: number; readonly answered: number };
    readonly output?: {
      readonly results: readonly { readonly taskId: string; readonly stepsUsed: number; readonly success: boolean }[];
    };
  };
}

const scenario = (mode: ExecutionMode) => (): SimulationScenario => ({
  subject: desk(mode),
  input: { tasks },
  invariants: {
    'every task is answered exactly once, in its order': ({ root }) => {
      const results = (root!.snapshot as unknown as Sealed).state.output?.results ?? [];
      const ids = results.map(({ taskId }) => taskId);
      const failed = results.findIndex(({ success }) => !success);
      const wanted = tasks.map(({ id }) => id).slice(0, mode === 'pipeline' && failed >= 0 ? failed + 1 : tasks.length);
      return ids.join() === wanted.join() ? undefined : `it answered ${ids.join() || 'nobody'}`;
    },
    'no more steps are used than the ceiling lets': ({ root, rows }) => {
      const { consumed } = (root!.snapshot as unknown as Sealed).state.context;
      const used = rows
        .filter(({ parent }) => parent === root!.actor)
        .map(
          ({ snapshot }) =>
            (snapshot as { state?: { output?: { usage?: { steps: number } } } }).state?.output?.usage?.steps ?? 0,
        )
        .reduce((sum, steps) => sum + steps, 0);
      return consumed <= maxTotalSteps && used <= consumed
        ? undefined
        : `${consumed} were charged, members used ${used}`;
    },
  },
});

test.each(modes)(
  '%s: under every kind of fault every task is answered once, within the budget',
  async (mode) => {
    const { failures } = await simulate(scenario(mode), { seeds });
    expect(failures).toEqual([]);
  },
  limitOfSeeds(seeds),
);

test.each(modes)(
  '%s: it survives a crash at every point',
  async (mode) => {
    const report = await crashEverywhere(() => ({ subject: desk(mode), input: { tasks: tasks.slice(0, 3) } }));
    expectSurvival(report);
  },
  limits.long,
);
