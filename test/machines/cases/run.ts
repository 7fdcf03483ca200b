import { fromPromise } from 'xstate';
import { runWith } from '../../../machines/run/run.ts';
import { defaultRunLimits, defaultRunSettings } from '../../../machines/run/settings.ts';
import { maxNestingDepth } from '../../../machines/member.ts';
import type { RunContext } from '../../../machines/run/context.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import type { Case } from '../case.ts';
import { fault, used } from '../effectResults.ts';

const send = (...to: string[]) => done('route', { send: to.map((name) => ({ to: name, type: 'draft', body: {} })) });
const member = fromPromise(() => Promise.resolve(null));

const control = [
  { type: 'run.cancel', reason: 'enough' },
  { type: 'run.pause' },
  { type: 'run.resume' },
  after('deadline', 'run.active.clock.ticking'),
  { type: 'troupe.deadline' },
  after('grace', 'run.active.lifecycle.stopping.waiting'),
];
const completed = { status: 'completed', answer: { type: 'article', body: {} }, evidence: [], usage: used };
const gaveUp = { status: 'failed', failure: fault('denied'), phase: 'execution', evidence: [], usage: used };
const keyOf = ({ said, routed, turns, members, sending, granted, used: spent, standing, outcome }: RunContext) => [
  said,
  routed,
  turns,
  members,
  sending?.messages.length,
  granted.map((grant) => grant?.steps),
  spent.steps,
  standing,
  outcome?.status,
];

export const cases: readonly Case[] = [
  {
    name: 'run',
    side: 'with agents',
    machine: runWith({ limits: { ...defaultRunLimits, maxTurns: 3 }, budget: { steps: 2 } }).provide({
      actors: { writer: member } as never,
    }),
    input: { type: 'brief', body: {} },
    events: [
      send('writer'),
      send('writer', 'writer'),
      send(),
      done('route', { finish: 'article' }),
      ...['lease/0', 'lease/1', 'lease/0.0'].flatMap((id) => [
        { type: 'treasury.lease', id, wants: { steps: 2 } },
        { type: 'treasury.granted', id, budget: { steps: 1 } },
        { type: 'treasury.refused', id, failure: fault('budget') },
      ]),
      failed('treasurer', fault('restarts')),
      failed('route', fault('definition')),
      ...[0, 1].flatMap((place) => [
        done(`member.${place}`, {
          status: 'completed',
          answer: { type: 'article', body: {} },
          evidence: [],
          usage: used,
        }),
        done(`member.${place}`, {
          status: 'failed',
          failure: fault('budget'),
          phase: 'execution',
          evidence: [],
          usage: used,
        }),
        failed(`member.${place}`, fault('restarts')),
      ]),
      ...control,
    ],
    key: keyOf as Case['key'],
  },
  {
    name: 'run',
    side: 'with a long-lived member and a nested team',
    machine: runWith({
      limits: { ...defaultRunLimits, maxTurns: 3 },
      budget: {},
      members: { desk: { kind: 'standing' }, newsroom: { kind: 'team', gives: 'article' } },
    }).provide({ actors: { desk: member, newsroom: member } as never }),
    input: { type: 'brief', body: {} },
    events: [
      send('desk'),
      send('desk', 'newsroom'),
      done('route', { finish: 'article' }),
      ...['0', '1'].flatMap((id) => [
        { type: 'work.done', id, output: completed },
        { type: 'work.done', id, output: gaveUp },
      ]),
      ...[0, 1].map((place) =>
        done(`member.${place}`, { status: 'completed', result: 'article', turns: 1, usage: used }),
      ),
      done('standing.desk', null),
      failed('standing.desk', fault('restarts')),
      ...control,
    ],
    key: keyOf as Case['key'],
  },
  {
    name: 'run',
    side: 'nested too deeply',
    machine: runWith(defaultRunSettings),
    input: { type: 'brief', body: {}, depth: maxNestingDepth },
    events: [{ type: 'run.pause' }],
    key: keyOf as Case['key'],
  },
];
