/** What is asked for: objective, requirements, risks. Most agents read that from the task; some have it taken apart first. */
import { agent, thinking } from '../vocabulary.ts';

export const requirements = agent.createStateConfig({
  id: 'requirements',
  initial: 'considering',
  states: {
    considering: {
      always: [
        { guard: 'isExhausted', target: '#errorHandling', actions: 'noteExhausted' },
        { guard: 'asksForAnalysis', target: 'asking' },
        { target: '#discovery' },
      ],
    },
    asking: {
      always: [{ guard: 'isPauseWanted', target: 'holding' }, { target: 'analyzing' }],
    },
    holding: {
      entry: 'sayHeld',
      on: { 'agent.resume': 'considering' },
    },
    analyzing: {
      tags: 'thinking',
      on: {
        'agent.input': {
          guard: 'interrupts',
          target: 'considering',
          actions: ['chargeStopped', 'queueInput', 'deliverInput'],
        },
      },
      invoke: {
        src: 'analyze',
        id: 'analyze',
        input: thinking,
        onDone: { target: '#discovery', actions: ['pay', 'appendAnalysis'] },
        onError: {
          target: '#errorHandling',
          actions: ['pay', { type: 'keepFailure', params: { phase: 'requirements' } }],
        },
      },
      after: {
        phaseTimeout: { target: '#errorHandling', actions: { type: 'noteTimeout', params: { phase: 'requirements' } } },
      },
    },
  },
});
