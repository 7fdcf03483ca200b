/** What is asked for: objective, requirements, risks. Most agents read that from the task; some have it taken apart first. */
import { agent, thinking } from '../vocabulary.ts';

export const requirements = agent.createStateConfig({
  id: 'requirements',
  initial: 'considering',
  states: {
    considering: {
      always: [
        { guard: 'isExhausted', target: '#errorHandling', actions: 'noteExhausted' },
        { guard: 'asksForAnalysis', target: 'analyzing' },
        { target: '#discovery' },
      ],
    },
    analyzing: {
      tags: 'thinking',
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
