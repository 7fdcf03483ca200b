/** Closes what was opened, once, however the task ends. A failure of the cleanup is recorded and delays nothing. */
import { agentSetup } from '../setup.ts';

export const cleanupPhase = agentSetup.createStateConfig({
  id: 'cleanup',
  tags: 'cleaning',
  entry: 'buryInput',
  initial: 'dismissing',
  states: {
    /** Delegates were told to stop, and have a moment to say what they used. */
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
