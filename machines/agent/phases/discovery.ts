/** Lists the tools, and checks that they have the required capabilities. */
import { agentSetup } from '../setup.ts';

export const discoveryPhase = agentSetup.createStateConfig({
  id: 'discovery',
  initial: 'considering',
  states: {
    considering: {
      always: [{ guard: 'asksForDiscovery', target: 'listing' }, { target: '#planning' }],
    },
    listing: {
      invoke: {
        src: 'discover',
        id: 'discover',
        input: ({ context }) => ({ message: context.message, tier: context.tools.tier }),
        onDone: [
          {
            guard: 'isGap',
            target: '#errorHandling',
            actions: ['keepTools', { type: 'noteGap', params: { phase: 'discovery' } }],
          },
          { target: '#planning', actions: 'keepTools' },
        ],
        onError: { target: '#errorHandling', actions: { type: 'keepFailure', params: { phase: 'discovery' } } },
      },
      after: {
        phaseTimeout: { target: '#errorHandling', actions: { type: 'noteTimeout', params: { phase: 'discovery' } } },
      },
    },
  },
});
