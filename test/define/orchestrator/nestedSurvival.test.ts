/** Nested teams and orchestrators under a crash at every point, and under all kinds of faults at once. */
import { expect, test } from 'vitest';
import { limitOfSeeds, limits } from '../../limits.ts';
import { z } from 'zod';
import { agent, guarded, guardrails, orchestrator, pipeline, protocol, routers, team } from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, simulate, type SimulationScenario } from 'troupe/testing';
import { echo } from './members.ts';
import { budgetTeam, supervisors } from '../budget/budgetTeam.ts';
import { dose } from '../../dose.ts';

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['article'] },
  article: { body: z.object({ text: z.string() }) },
});
const writer = (name: string) =>
  agent({
    name,
    protocol: Desk,
    handles: ['brief'],
    model: scriptedModel(() => ({ calls: [{ name: 'answer_article', input: { text: name } }] })),
  });
const retry = { maxRetries: 2, backoff: '2s', condition: 'onTransient' } as const;
const pool = (name: string) =>
  orchestrator({ name, members: [writer('ada'), writer('bob')], router: routers.roundRobin(), retry });

const answeredOnce: SimulationScenario['invariants'] = {
  'every task is answered exactly once, in its order': ({ root }) => {
    const { output } = (root!.snapshot as unknown as { state: { output?: { results?: { taskId: string }[] } } }).state;
    const ids = output?.results?.map(({ taskId }) => taskId).join();
    return ids === 'task-1,task-2,task-3,task-4' ? undefined : `it answered ${ids ?? 'nobody'}`;
  },
};

const nestings: Readonly<Record<string, () => SimulationScenario>> = {
  'an orchestrator of a team, an orchestrator, and something guarded': () => ({
    subject: orchestrator({
      name: 'desk',
      members: [
        pipeline({ name: 'post', stages: [echo('a'), echo('b')] }),
        orchestrator({ name: 'pool', members: [echo('c')] }),
        guarded(echo('d'), [guardrails.timeout({ max: '20m' })]),
        echo('e'),
      ],
      router: routers.roundRobin(),
      mode: 'parallel:2',
      retry,
    }),
    input: { tasks: ['1', '2', '3', '4'] },
    invariants: answeredOnce,
  }),
  'an orchestrator of them behind guardrails': () => ({
    subject: orchestrator({
      name: 'desk',
      members: [pipeline({ name: 'post', stages: [echo('a')] }), orchestrator({ name: 'pool', members: [echo('c')] })],
      router: routers.roundRobin(),
      guardrails: [guardrails.timeout({ max: '20m' }), guardrails.input([/secret/])],
      mode: 'parallel:2',
      retry,
    }),
    input: { tasks: ['1', '2', '3', '4'] },
    invariants: answeredOnce,
  }),
  'a team of orchestrators': () => ({
    subject: team({
      name: 'house',
      protocol: Desk,
      members: { first: pool('first'), second: pool('second') },
      accepts: 'brief',
      returns: 'article',
      deadline: '1h',
      route: {
        brief: ({ body }, { to }) => to('first', 'brief', body),
        article: ({ body }, { finish, count, to }) =>
          count('article') < 3 ? to('second', 'brief', { topic: body.text }) : finish(body),
      },
    }),
    input: { topic: 'tea' },
  }),
};

test.each(Object.entries(nestings))(
  '%s has the same result after a crash at any of a sample of points (in CI at every point)',
  async (_, make) => {
    expectSurvival(await crashEverywhere(make as never, { sample: dose(10, 1_000) }));
  },
  limits.long,
);

const seeds = dose(10, 300);
test.each(Object.entries(nestings))(
  '%s: under every kind of fault it ends, and every task is answered once',
  async (_, make) => {
    const { failures } = await simulate(make, { seeds });
    expect(failures).toEqual([]);
  },
  limitOfSeeds(seeds),
);

test.each(Object.entries(supervisors))(
  'behind %s the ledger of a team adds up under every kind of fault',
  async (_, supervisedBy) => {
    const make = (): SimulationScenario => ({
      subject: budgetTeam({ steps: 8 }, { supervisedBy }),
      input: { ada: 6, bob: 3 },
      invariants: {
        'no more than the budget': ({ root }) => {
          const { output } = (root!.snapshot as unknown as { state: { output?: { usage?: { steps: number } } } }).state;
          const used = output?.usage?.steps ?? 0;
          return used <= 8 ? undefined : `${used} steps were used of 8`;
        },
      },
    });
    expectSurvival(await crashEverywhere(make as never, { sample: dose(5, 60) }));
    expect((await simulate(make, { seeds, shrink: false })).failures).toEqual([]);
  },
  limitOfSeeds(seeds),
);
