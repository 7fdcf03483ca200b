/** Whether it may go on. A pause takes hold before a model is asked again and interrupts nothing. */
import { agent } from '../vocabulary.ts';

export const control = agent.createStateConfig({
  initial: 'running',
  states: {
    running: {
      on: { 'agent.pause': 'pausing', 'agent.cancel': 'cancelling' },
    },
    pausing: {
      on: { 'agent.held': 'paused', 'agent.resume': 'running', 'agent.cancel': 'cancelling' },
    },
    paused: {
      tags: 'paused',
      on: { 'agent.resume': 'running', 'agent.cancel': 'cancelling' },
    },
    cancelling: {},
  },
});
