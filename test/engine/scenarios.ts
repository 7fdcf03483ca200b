/** Small runs for the crash test: each depends on one promise of the engine, so that a broken promise changes its result. */
import { assign, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { slot } from '../../machines/slot.ts';
import { actorType } from '../../src/engine/nodePlatform.ts';
import { machine as subject } from '../../src/runtime/machine.ts';
import type { CrashScenario } from '../../src/testing/crash/scenario.ts';
import { counter } from '../testing/subjects.ts';

/** Counts the messages of its child: a message handled twice, or lost, changes the count. */
export const counting = (): CrashScenario => ({ subject: counter(), input: null });

const worker = setup({
  types: {} as { output: number; context: { got: number } },
  actors: { work: slot<number, null>('work') },
  actions: { keep: assign({ got: (_, got: number) => got }) },
}).createMachine({
  id: 'worker',
  context: { got: 0 },
  initial: 'working',
  states: {
    working: {
      invoke: {
        src: 'work',
        id: 'work',
        input: null,
        onDone: { target: 'done', actions: { type: 'keep', params: ({ event }) => event.output } },
        onError: 'done',
      },
    },
    done: { type: 'final' },
  },
  output: ({ context }) => context.got,
});

/** Starts three workers one after the other under the same id: an end that is handled twice would be taken for the end of the next one. */
export const rounds = (): CrashScenario => {
  let done = 0;
  const machine = setup({
    types: {} as { context: { sum: number; rounds: number }; output: number },
    actors: { worker: worker.provide({ actors: { work: effect(async () => ++done) } }) },
    guards: { isOver: ({ context }) => context.rounds === 3 },
    actions: {
      add: assign({
        sum: ({ context }, got: number) => context.sum + (got > 0 ? 1 : 0),
        rounds: ({ context }) => context.rounds + 1,
      }),
    },
  }).createMachine({
    id: 'rounds',
    context: { sum: 0, rounds: 0 },
    initial: 'working',
    states: {
      working: {
        always: { guard: 'isOver', target: 'done' },
        invoke: {
          src: 'worker',
          id: 'worker',
          onDone: { target: 'working', reenter: true, actions: { type: 'add', params: ({ event }) => event.output } },
          onError: 'done',
        },
      },
      done: { type: 'final' },
    },
    output: ({ context }) => context.sum,
  });
  return {
    subject: subject(machine),
    input: null,
    // A round only reads, so it may be repeated; it may not be left out.
    world: () => ({ all: done >= 3 }),
  };
};

/** Performs a write on `do`. */
export const writerType = (note: (what: string) => void) =>
  actorType(
    setup({
      types: {} as { events: { type: 'do' } },
      actors: { write: slot<null, null>('write') },
    })
      .createMachine({
        id: 'doer',
        initial: 'idle',
        states: {
          idle: { on: { do: 'doing' } },
          doing: { invoke: { src: 'write', id: 'write', input: null, onDone: 'idle', onError: 'idle' } },
        },
      })
      .provide({ actors: { write: effect(async () => (note('did it'), null), { kind: 'write' }) } }),
  );
