/** The cases of the guardrail's machine for the laws: with a rule and a rest, with checks and an approval, before another guardrail, and as a run. */
import { fromPromise } from 'xstate';
import type { GuardrailContext } from '../../../machines/guardrail/context.ts';
import { guardrailWith } from '../../../machines/guardrail/guardrail.ts';
import { defaultGuardrailSettings, type GuardrailSettings } from '../../../machines/guardrail/settings.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import type { Case } from '../case.ts';
import { fault, used } from '../effectResults.ts';

const child = fromPromise(() => Promise.resolve(null));
const machine = (settings: Partial<GuardrailSettings>, behind: string) =>
  guardrailWith({
    ...defaultGuardrailSettings,
    ...(settings.below ? {} : { supervised: { [behind]: 'agent' as const } }),
    ...settings,
  }).provide({ actors: { [behind]: child } as never });

const work = (id: string, more: object = {}) => ({
  type: 'work',
  id,
  message: { type: 'task', body: 'Go.' },
  attempt: 1,
  facts: {},
  ...more,
});
const completed = { status: 'completed', answer: { type: 'text', body: 'Done.' }, evidence: [], usage: used };
const failing = { status: 'failed', failure: fault('tool'), phase: 'execution', evidence: [], usage: used };
const refused = {
  ...failing,
  failure: { ...fault('denied'), data: { refusedBy: 'further', stage: 'pre', reason: 'no' } },
};
const cancelled = { status: 'cancelled', reason: 'over', usage: used };
const yes = { ok: true };
const no = { ok: false, kind: 'denied', reason: 'no' };
const signals = [
  { type: 'guardrail.reset' },
  { type: 'guardrail.trip', reason: 'by hand' },
  { type: 'guardrail.stop', reason: 'over' },
];
const ends = (place: number) => [
  done(`task.${place}`, completed),
  done(`task.${place}`, failing),
  done(`task.${place}`, cancelled),
];
const restOver = after('rest', 'guardrail.active.door.open');

const key = (({
  passages,
  failures,
  round,
  buckets,
  dead,
  cancelled: isCancelled,
  first,
  output,
}: GuardrailContext) => [
  passages.map(
    (each) =>
      each && [each.work.id, each.stage, each.round === round, each.paused, each.ending?.how, each.output?.status],
  ),
  failures,
  Object.values(buckets).map(({ tasks }) => tasks),
  dead,
  isCancelled,
  first?.id,
  output?.status,
]) as Case['key'];

export const cases: readonly Case[] = [
  {
    name: 'guardrail',
    side: 'with a rule and a pause of the breaker',
    service: true,
    machine: machine(
      { rule: { kind: 'timeout', max: 1_000, requireExplicit: false }, trip: { after: 2, rest: 1_000 } },
      'clerk',
    ),
    input: { standing: true },
    events: [
      work('a'),
      work('b'),
      work('long', { facts: { timeout: 5_000 } }),
      work('lost', { to: 'nobody' }),
      ...ends(0),
      ...ends(1),
      failed('task.0', fault('restarts')),
      { type: 'work.late', place: 0 },
      { type: 'grace.over', place: 0 },
      restOver,
      ...signals,
    ],
    key,
  },
  {
    name: 'guardrail',
    side: 'with checks and an approval',
    service: true,
    machine: machine({ asks: ['pre', 'mid', 'post'], every: 1_000, trip: 'person' }, 'clerk'),
    input: { standing: true },
    events: [
      work('a'),
      done('check.0', yes),
      done('check.0', no),
      failed('check.0', fault('internal')),
      { type: 'check.late', place: 0 },
      { type: 'watch.due', place: 0 },
      { type: 'grace.over', place: 0 },
      ...ends(0),
      { type: 'work.cancel', id: 'a', reason: 'over' },
      { type: 'work.pause' },
      { type: 'work.resume' },
      done('reset', { status: 'answered', answer: { reset: true }, by: 'ada' }),
      done('reset', { status: 'answered', answer: { reset: false }, by: 'ada' }),
      done('reset', { status: 'aborted', reason: 'later', by: 'ada' }),
      failed('reset', fault('internal')),
      ...signals,
    ],
    key,
  },
  {
    name: 'guardrail',
    side: 'before another guardrail',
    service: true,
    machine: machine(
      {
        rule: { kind: 'rateLimit', tasks: 2, tokens: undefined, per: 1_000, keyOf: () => 'all' },
        below: 'further',
      },
      'further',
    ),
    input: { standing: true },
    events: [
      work('a'),
      work('b'),
      ...[completed, failing, refused].map((output) => ({ type: 'work.done', id: 'a', output })),
      { type: 'work.done', id: 'unheard-of', output: completed },
      { type: 'work.cancel', reason: 'over' },
      { type: 'work.pause', id: 'a' },
      { type: 'work.resume', id: 'a' },
      { type: 'grace.over', place: 0 },
      done('below', completed),
      failed('below', fault('restarts')),
      done('reset', { status: 'answered', answer: { reset: true }, by: 'ada' }),
      ...signals,
    ],
    key,
  },
  {
    name: 'guardrail',
    side: 'as a run',
    machine: machine({ rule: { kind: 'cancellation' }, bare: true }, 'clerk'),
    input: { type: 'task', body: 'Go.' },
    events: [
      ...ends(0),
      failed('task.0', fault('restarts')),
      { type: 'work.cancel', reason: 'over' },
      { type: 'troupe.deadline' },
      { type: 'grace.over', place: 0 },
      { type: 'guardrail.stop', reason: 'over' },
    ],
    key,
  },
  {
    name: 'guardrail',
    side: 'before a long-lived service, with a lease',
    service: true,
    machine: guardrailWith({
      ...defaultGuardrailSettings,
      rule: { kind: 'budget', limits: { usd: 2 }, requireExplicit: false, allowExhausted: false },
      supervised: { pool: 'work', desk: 'run' },
    }).provide({ actors: { pool: child, desk: child } as never }),
    input: { standing: true },
    events: [
      work('a', { to: 'pool', allowance: { usd: 1 }, lease: 'lease/1', depth: 2 }),
      work('b', { to: 'desk', allowance: { usd: 1 }, lease: 'lease/2', degrade: true }),
      ...[completed, failing].map((output) => ({ type: 'work.done', id: 'a', output })),
      done('task.0', { status: 'completed', result: 'Done.', turns: 1, usage: used }),
      done('standing.pool', null),
      failed('standing.pool', fault('restarts')),
      { type: 'work.cancel', id: 'a', reason: 'over' },
      { type: 'work.pause', id: 'a' },
      { type: 'treasury.lease', id: 'lease/1', wants: { usd: 1.5 } },
      { type: 'treasury.lease', id: 'lease/1', wants: { usd: 5 } },
      { type: 'treasury.lease', id: 'lease/9', wants: { usd: 1 } },
      { type: 'treasury.granted', id: 'lease/1', budget: { usd: 9 } },
      { type: 'treasury.refused', id: 'lease/1', failure: fault('budget') },
      { type: 'grace.over', place: 0 },
      ...signals,
    ],
    key,
  },
];
