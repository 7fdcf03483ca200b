/** Whether the agent may go on. A pause takes effect before a model is asked again, and interrupts nothing. A repeated command changes nothing. */
import { agentSetup } from '../setup.ts';

export const controlRegion = agentSetup.createStateConfig({
  initial: 'running',
  states: {
    running: {
      on: {
        'agent.pause': { target: 'pausing', actions: 'pauseCalls' },
        'agent.resume': {},
        'agent.cancel': 'cancelling',
      },
    },
    pausing: {
      on: {
        'agent.pause': {},
        'agent.held': 'paused',
        'agent.resume': { target: 'running', actions: 'resumeCalls' },
        'agent.cancel': 'cancelling',
      },
    },
    paused: {
      tags: 'paused',
      on: { 'agent.pause': {}, 'agent.resume': 'running', 'agent.cancel': 'cancelling' },
    },
    cancelling: { on: { 'agent.cancel': {} } },
  },
});
