/** What was opened is closed, once, on every way out. Its failure is written down and holds nothing up. */
import { agent } from '../vocabulary.ts';

export const cleanup = agent.createStateConfig({
  id: 'cleanup',
  tags: 'cleaning',
  entry: 'buryInput',
  initial: 'dismissing',
  states: {
    /** Those who work for it were told to stop, and have a moment to say what they used. */
    dismissing: {
      always: { guard: 'isAlone', target: 'considering' },
      on: {
        'xstate.done.actor.call.*': { actions: 'chargeLeaving' },
        'xstate.error.actor.call.*': { actions: 'chargeLeaving' },
      },
      after: { dismissal: { target: 'considering', actions: 'abandonLeaving' } },
    },
    considering: {
      always: [{ guard: 'asksForCleanup', target: 'closing' }, { target: '#settled' }],
    },
    closing: {
      invoke: {
        src: 'cleanUp',
        id: 'cleanUp',
        input: ({ context }) => ({ status: context.outcome?.status ?? 'failed' }),
        onDone: '#settled',
        onError: { target: '#settled', actions: 'noteCleanupError' },
      },
      after: { cleanupGrace: '#settled' },
    },
  },
});
