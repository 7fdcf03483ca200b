/** C2: a step gives what XState's own transition() gives, for every machine of this project and for unusual ones, for any sequence of events. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import {
  assign,
  emit,
  enqueueActions,
  raise,
  sendTo,
  setup,
  stopChild,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ExecutableActionObject,
} from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Json } from '../../src/values/json.ts';
import { chart, stateOf } from '../../src/core/chart.ts';
import type { Case } from '../machines/case.ts';
import { dose } from '../dose.ts';
import { expectSameWalk } from './stepper/walk.ts';

/** Every machine of this project, with the cases of the machine laws. */
const folder = resolve(import.meta.dirname, '../machines/cases');
const modules = await Promise.all(
  readdirSync(folder).map(
    (file) => import(`../machines/cases/${file.slice(0, -3)}.ts`) as Promise<Record<string, Case | readonly Case[]>>,
  ),
);
const machines = modules.flatMap((module) =>
  Object.entries(module).flatMap(([name, cases]) =>
    [cases].flat().map((each) => [`${each.name ?? name}${each.side ? `, ${each.side}` : ''}`, each as Case] as const),
  ),
);

const kid = setup({}).createMachine({ id: 'kid', initial: 'a', states: { a: {} } });
const unusual = setup({
  types: {} as { context: { n: number; list: number[] }; events: { type: 'a' | 'b' | 'c' | 'd'; n?: number } },
  actors: { kid, work: effect(async () => 1 as Json) },
  guards: { even: ({ context }) => context.n % 2 === 0 },
  delays: { soon: ({ context }) => context.n },
  actions: {
    count: assign({ n: ({ context }) => context.n + 1, list: ({ context }) => [...context.list, context.n] }),
    again: raise({ type: 'b' }),
    later: raise({ type: 'c' }, { id: 'later', delay: 'soon' }),
    say: emit({ type: 'news' } as never),
    shout: sendTo('kid', { type: 'x' }),
    let: stopChild('kid'),
    many: enqueueActions(({ enqueue, check }) => {
      if (check('even' as never)) enqueue('count' as never);
      enqueue('say' as never);
    }),
  },
}).createMachine({
  id: 'odd',
  context: { n: 0, list: [] },
  type: 'parallel',
  states: {
    left: {
      initial: 'one',
      states: {
        one: { on: { a: { target: 'two', actions: ['count', 'again'] }, d: 'last' }, after: { soon: 'two' } },
        two: { always: { guard: 'even', target: 'three' }, on: { b: 'one', c: { actions: 'many' } } },
        three: {
          invoke: { src: 'kid', id: 'kid', onDone: 'one', onError: 'one' },
          on: { b: { actions: ['shout', 'let'] }, c: 'one', d: { target: 'three', reenter: true } },
        },
        last: { type: 'history', history: 'deep' },
      },
    },
    right: {
      initial: 'on',
      states: {
        on: { on: { c: 'off', '*': { actions: 'count' } } },
        off: {
          on: { d: { target: 'on', actions: 'later' } },
          invoke: { src: 'work', id: 'work', onDone: 'on', onError: 'on' },
        },
      },
    },
  },
});

/** Several regions wait for the same event and take it in the same step, whatever the order in which they were entered. */
type WaitingRegions = { context: { words: string[]; open: boolean } };
const region = (name: string, go: string) => ({
  initial: 'away',
  states: {
    away: { on: { [go]: 'waiting' } },
    waiting: { always: { guard: 'open', target: 'away', actions: { type: 'note', params: { word: name } } } },
  },
});
const waitingRegions = setup({
  guards: { open: ({ context }: WaitingRegions) => context.open },
  actions: {
    note: assign(({ context }: WaitingRegions, { word }: { word: string }) => ({
      words: [...context.words.slice(-5), word],
    })),
    open: assign({ open: true }),
    shut: assign({ open: false }),
  },
} as never).createMachine({
  id: 'hurry',
  context: { words: [], open: false },
  type: 'parallel',
  on: { open: { actions: 'open' }, shut: { actions: 'shut' } },
  states: { a: region('a', 'x'), b: region('b', 'y'), c: { initial: 'deep', states: { deep: region('c', 'z') } } },
} as never) as unknown as AnyStateMachine;

/** The parts of a step that are compared: the next state and the actions. */
const compared = (snapshot: AnyMachineSnapshot, actions: readonly ExecutableActionObject[]) => ({
  value: snapshot.value as unknown,
  context: snapshot.context as unknown,
  status: snapshot.status,
  output: snapshot.output as unknown,
  tags: [...snapshot.tags].sort(),
  children: Object.keys(snapshot.children),
  history: JSON.stringify(snapshot.historyValue, (key, value: unknown) =>
    key === '' || typeof value !== 'object' || value === null || Array.isArray(value) || !('id' in value)
      ? value
      : value.id,
  ),
  actions: actions.map(({ type, params }) => [type, plain(params)]),
});
/** Parameters without the references to actors, which differ between actor scopes. */
const plain = (params: unknown): unknown => {
  if (typeof params !== 'object' || params === null) return params;
  const { actorRef: _ref, to: _to, ...rest } = params as Record<string, unknown>;
  return 'sessionId' in rest ? { id: rest.id } : rest;
};

type StepResult = readonly [AnyMachineSnapshot, readonly ExecutableActionObject[]] | { readonly thrown: string };
const attempt = (step: () => unknown): StepResult => {
  try {
    const [snapshot, actions] = step() as readonly [AnyMachineSnapshot, readonly ExecutableActionObject[]];
    return snapshot.status === 'error' ? { thrown: String((snapshot.error as Error).message) } : [snapshot, actions];
  } catch (thrown) {
    return { thrown: String((thrown as Error).message) };
  }
};
const comparedOrThrown = (stepped: StepResult) => ('thrown' in stepped ? { thrown: true } : compared(...stepped));

/** Takes the same steps with both implementations, until one throws. */
function compare(
  first: readonly [StepResult, StepResult],
  events: readonly { type: string }[],
  step: (side: 0 | 1, snapshot: AnyMachineSnapshot, event: { type: string }) => StepResult,
): void {
  let [left, right] = first;
  expect(comparedOrThrown(left)).toEqual(comparedOrThrown(right));
  for (const event of events) {
    if ('thrown' in left || 'thrown' in right) return;
    left = step(0, left[0], event);
    right = step(1, right[0], event);
    expect(comparedOrThrown(left)).toEqual(comparedOrThrown(right));
  }
}

function sameAfterRestart(machine: AnyStateMachine, input: unknown, events: readonly { type: string }[]): void {
  const ours = chart(machine);
  const restarted = (snapshot: AnyMachineSnapshot) =>
    snapshot.status === 'active' ? ours.restore(ours.save(snapshot)) : snapshot;
  compare([attempt(() => ours.initial(input)), attempt(() => ours.initial(input))], events, (side, snapshot, event) =>
    attempt(() => ours.step(side === 0 ? snapshot : restarted(snapshot), event)),
  );
}

const sequences = (events: readonly { type: string }[], maxLength: number) =>
  array(constantFrom(...events), { maxLength });
const unusualEvents = [
  ...['a', 'b', 'c', 'd', 'unheard'].map((type) => ({ type })),
  { type: 'xstate.after.soon.odd.left.one' },
  { type: 'xstate.done.actor.kid', output: 1, actorId: 'kid' },
  { type: 'xstate.error.actor.work', error: new Error('x'), actorId: 'work' },
];
const all = [
  ['an odd machine', { machine: unusual as unknown as AnyStateMachine, input: undefined, events: unusualEvents }],
  [
    'regions in a hurry',
    { machine: waitingRegions, input: undefined, events: ['x', 'y', 'z', 'open', 'shut'].map((type) => ({ type })) },
  ],
  ...machines,
] as const;

test.each(all)('%s steps as in XState', (_, { machine, input, events }) => {
  assert(
    property(sequences(events, 25), (chosen) => void expectSameWalk(machine, input, chosen)),
    { numRuns: dose(20, 200) },
  );
});

test.each(all)('%s steps as if it had never been restarted', (_, { machine, input, events }) => {
  assert(
    property(sequences(events, 25), (chosen) => sameAfterRestart(machine, input, chosen)),
    { numRuns: dose(20, 200) },
  );
});

test('the state description names the regions in the order of the machine definition', () => {
  expect(stateOf({ right: 'on', left: { three: {} } }, (unusual as unknown as AnyStateMachine).root)).toBe(
    'left.three|right.on',
  );
});
