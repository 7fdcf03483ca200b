import { fromPromise, setup } from 'xstate';
import { routerWith } from '../../../machines/router/router.ts';
import type { RouterContext } from '../../../machines/router/context.ts';
import { defaultRouterSettings, type RouterMember, type RouterSettings } from '../../../machines/router/settings.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import type { Case } from '../case.ts';
import { fault, used } from '../effectResults.ts';

const member = fromPromise(() => Promise.resolve(null));
/** A machine that takes messages, as guardrails do. */
const listener = setup({}).createMachine({ id: 'guard', options: { maxIterations: 1 } });
const profile = (id: string): RouterMember => ({ id, steps: 5, takes: ['task'] });

const longLived: RouterMember = { ...profile('ada'), who: { kind: 'standing' } };
const team: RouterMember = { ...profile('bob'), who: { kind: 'team', gives: 'text' } };
const work = (id: string) => ({
  type: 'work',
  id,
  message: { type: 'task', body: 'Go.' },
  attempt: 1,
  facts: {},
  allowance: { usd: 1, steps: 3 },
  lease: 'lease/1',
  depth: 1,
});

const machineOf = (settings: Partial<RouterSettings>) =>
  routerWith({
    ...defaultRouterSettings,
    members: [profile('ada'), profile('bob')],
    mode: 'parallel:2',
    places: () => 2,
    rotation: { maxFailures: 1, within: 1_000, rest: 1_000 },
    ...settings,
  }).provide({ actors: { ada: member, bob: member, select: member, guard: listener } as never });

const answer = { status: 'completed', answer: { type: 'text', body: 'done' }, evidence: [], usage: used };
const failing = { status: 'failed', failure: fault('transient'), phase: 'execution', evidence: [], usage: used };
const stopped = { status: 'cancelled', reason: 'told to', usage: used };
const ends = [0, 1].flatMap((place) => [
  ...[answer, failing, stopped].map((output) => done(`task.${place}`, output)),
  failed(`task.${place}`, fault('restarts')),
]);
const timers = [0, 1].flatMap((place) => [
  { type: 'attempt.late', place },
  { type: 'grace.over', place },
  { type: 'task.again', place },
  { type: 'task.due', seq: place },
  { type: 'member.rested', member: place },
]);
const control = [
  { type: 'orchestra.pause' },
  { type: 'orchestra.resume' },
  { type: 'orchestra.reset' },
  { type: 'orchestra.cancel', reason: 'enough' },
];
const ending = [done('collect', []), failed('collect', fault('storage'))];

const key = (({ queue, jobs, answered, submitted, loaded, seats, halt, closed, due, gatherings }: RouterContext) => [
  queue.map(({ seq }) => seq),
  jobs.map((job) => job && [job.seq, job.stage, job.attempts, job.stopping, job.member]),
  seats.map(({ outUntil, trial, busy }) => [outUntil !== null, trial, busy]),
  gatherings.map(({ open }) => open),
  [answered, submitted, loaded, halt?.kind, closed, due],
]) as Case['key'];

const task = { input: 'Go.', timeout: 1_000, retry: { maxRetries: 1, backoff: 100, condition: 'always' as const } };

export const cases: readonly Case[] = [
  {
    name: 'router',
    side: 'two tasks',
    machine: machineOf({ strategy: { kind: 'roundRobin' } }),
    input: { tasks: [task, { input: 'Go.', deadline: 1_000 }], shape: 'many' },
    events: [
      ...ends,
      ...timers,
      ...control,
      ...ending,
      after('deadline', 'router.active.clock.ticking'),
      { type: 'troupe.deadline' },
    ],
    key,
  },
  {
    name: 'router',
    side: 'with a selector',
    machine: machineOf({ strategy: { kind: 'selector' } }),
    input: { tasks: [task], shape: 'one' },
    events: [
      ...ends.slice(0, 4),
      ...timers.slice(0, 5),
      done('select.0', { member: 'bob', reason: 'the better one' }),
      done('select.0', { member: 'nobody' }),
      failed('select.0', fault('transient')),
      control[3]!,
      ...ending,
    ],
    key,
  },
  {
    name: 'router',
    side: 'with a broadcast',
    machine: machineOf({ strategy: { kind: 'broadcast' } }),
    input: { tasks: [{ input: 'Go.' }], shape: 'one' },
    events: [...ends, control[3]!, ...ending],
    key,
  },
  {
    name: 'router',
    side: 'more tasks than it reads ahead',
    machine: machineOf({ strategy: { kind: 'direct' }, places: () => 1 }),
    input: { tasks: Array.from({ length: 9 }, () => ({ input: 'Go.' })), shape: 'many' },
    events: [
      done('load', [{ task: { id: 'last', input: 'Go.' }, since: 0 }]),
      failed('load', fault('storage')),
      { type: 'orchestra.configure', limits: { maxConcurrentTasks: null }, retry: { maxRetries: 2 } },
      { type: 'orchestra.configure', limits: { maxTotalSteps: 5 } },
      control[3]!,
      ...ending,
      { type: 'troupe.deadline' },
    ],
    key,
  },
  {
    name: 'router',
    side: 'behind guardrails, with work from a parent',
    service: true,
    machine: machineOf({ entry: 'guard' }),
    input: { tasks: [], shape: 'many', standing: true },
    events: [
      {
        type: 'work',
        id: 'w',
        to: 'ada',
        message: { type: 'task', body: 'Go.' },
        attempt: 1,
        allowance: { steps: 2 },
        facts: { timeout: 1_000, steps: 3, deadline: 2_000, metadata: { role: 'x' } },
      },
      { type: 'work.done', id: '0.0.1', output: answer },
      { type: 'work.done', id: '0.0.1', output: failing },
      { type: 'work.cancel', reason: 'all of it' },
      { type: 'work.cancel', id: 'w', reason: 'this one' },
      { type: 'work.pause' },
      { type: 'work.resume', id: 'w' },
      done('guard', null),
      failed('guard', fault('restarts')),
      { type: 'orchestra.close' },
      { type: 'orchestra.task', task: { input: 'Go.' } },
      ...control,
      ...timers.slice(0, 5),
      ...ending,
      { type: 'troupe.deadline' },
    ],
    // Counters are kept only as far as they decide behaviour.
    key: (({ queue, jobs, seats, halt, closed, due, submitted, answered }: RouterContext) => [
      Math.min(queue.length, 1),
      jobs.slice(0, 1).map((job) => job && [job.stage, job.stopping]),
      jobs.filter((job) => job !== null).length,
      seats.map(({ outUntil, trial }) => [outUntil !== null, trial]),
      [halt?.kind, closed, due, Math.min(submitted - answered, 2)],
    ]) as Case['key'],
  },
  {
    name: 'router',
    side: 'with long-lived members and teams',
    machine: machineOf({ members: [longLived, team], strategy: { kind: 'roundRobin' } }),
    input: { tasks: [task, { input: 'Go.', agentId: 'ada' }], shape: 'many' },
    events: [
      { type: 'work.done', id: '0.0.1', output: answer },
      { type: 'work.done', id: '0.0.1', output: failing },
      done('standing.ada', null),
      failed('standing.ada', fault('restarts')),
      done('task.1', { status: 'completed', result: 'done', turns: 1, usage: used }),
      done('task.1', { status: 'cancelled', reason: 'told to', turns: 1, usage: used }),
      ...timers,
      ...control,
      ...ending,
    ],
    key,
  },
  {
    name: 'router',
    side: 'as a member, with a lease',
    service: true,
    machine: machineOf({
      members: [longLived, profile('bob')],
      strategy: { kind: 'roundRobin' },
      deadline: 5_000,
      places: () => 1,
    }),
    input: { standing: true },
    events: [
      work('w'),
      { ...work('deep'), depth: 8 },
      { type: 'work.done', id: '0.0.1', output: answer },
      done('task.0', answer),
      failed('standing.ada', fault('restarts')),
      { type: 'work.cancel', id: 'w', reason: 'this one' },
      { type: 'work.pause', id: 'w' },
      { type: 'work.resume', id: 'w' },
      { type: 'treasury.lease', id: 'lease/1', wants: { usd: 2 }, used: { usd: 1 } },
      { type: 'treasury.lease', id: 'lease/1', wants: { steps: 9 } },
      { type: 'treasury.granted', id: 'lease/1', budget: { usd: 3, steps: 9 } },
      { type: 'treasury.refused', id: 'lease/1', failure: fault('budget') },
      { type: 'orchestra.close' },
      control[3]!,
      ...[1, 3, 4].map((index) => timers[index]!),
      ...ending,
    ],
    key: (({ queue, jobs, seats, submitted, answered, closed, halt }: RouterContext) => [
      [closed, halt?.kind],
      [Math.min(queue.length, 2), queue.some(({ held }) => held === true)],
      jobs.slice(0, 2).map((job) => job && [job.stage, job.stopping, job.held, job.allowance?.usd]),
      seats.map(({ outUntil, stands: isStarted }) => [outUntil !== null, isStarted]),
      Math.min(submitted - answered, 2),
    ]) as Case['key'],
  },
];
