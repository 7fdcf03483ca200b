/** Small machines that several tests use. */
import { assign, setup, type AnyActorLogic } from 'xstate';
import type { Json } from '../../src/values/json.ts';
import { engineActions } from '../../machines/slot.ts';

export type Signal = { type: string; [key: string]: unknown };

/** On `go` it performs the effect `work` and keeps its result; `stop` leaves the state, and `go` may come again. */
export const worker = (work: AnyActorLogic) =>
  setup({
    types: {} as { context: { got: Json; failed: Json }; events: Signal },
    actors: { work },
    actions: {
      ...engineActions,
      keep: assign({ got: ({ event }) => (event as unknown as { output: Json }).output }),
      keepFailure: assign({ failed: ({ event }) => (event as unknown as { error: Json }).error }),
    },
  }).createMachine({
    id: 'worker',
    context: { got: null, failed: null },
    initial: 'idle',
    states: {
      idle: { on: { go: 'working' } },
      working: {
        invoke: {
          src: 'work',
          id: 'work',
          input: 'question',
          onDone: { target: 'done', actions: 'keep' },
          onError: { target: 'failed', actions: 'keepFailure' },
        },
        on: { stop: 'idle' },
      },
      failed: { on: { go: 'working' } },
      done: {},
    },
  });

/** Actions of a test, with the type that `setup` takes. */
export const acting = (actions: Record<string, unknown>) => actions as Record<string, () => void>;
