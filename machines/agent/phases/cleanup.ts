/** What was opened is closed, once, on every way out. Its failure is written down and holds nothing up. */
import { agent } from '../vocabulary.ts';

export const cleanup = agent.createStateConfig({
  id: 'cleanup',
  tags: 'cleaning',
  entry: 'buryInput',
  initial: 'considering',
  states: {
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
