/** Small machines that more than one test plays. */
import { assign, setup, type AnyActorLogic } from 'xstate';
import type { Json } from '../../src/values/json.ts';
import { engineActions } from '../../machines/slot.ts';

export type Signal = { type: string; [key: string]: unknown };

/** Asks the world once on `go` and keeps what it said; `stop` gives up, and `go` may come again. */
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

/** Does what the test says, under names. */
export const acting = (actions: Record<string, unknown>) => actions as Record<string, () => void>;
