/** How to go about it. A plan of one step, the task itself, needs no model; a larger one is a graph of steps that can be followed. */
import { agent, thinking } from '../vocabulary.ts';

export const planning = agent.createStateConfig({
  id: 'planning',
  initial: 'considering',
  states: {
    considering: {
      always: [
        { guard: 'isExhausted', target: '#errorHandling', actions: 'noteExhausted' },
        { guard: 'asksForPlan', target: 'asking' },
        { target: '#execution' },
      ],
    },
    asking: {
      always: [{ guard: 'isPauseWanted', target: 'holding' }, { target: 'drafting' }],
    },
    holding: {
      entry: 'sayHeld',
      on: { 'agent.resume': 'considering' },
    },
    drafting: {
      tags: 'thinking',
      on: {
        'agent.input': {
          guard: 'interrupts',
          target: 'considering',
          actions: ['chargeStopped', 'queueInput', 'deliverInput'],
        },
      },
      invoke: {
        src: 'plan',
        id: 'plan',
        input: thinking,
        onDone: [
          { guard: 'isFollowable', target: '#execution', actions: ['pay', 'appendPlan'] },
          { guard: 'mayRequery', target: 'considering', actions: ['pay', 'countRequery'] },
          { target: '#errorHandling', actions: ['pay', 'noteBadPlan'] },
        ],
        onError: {
          target: '#errorHandling',
          actions: ['pay', { type: 'keepFailure', params: { phase: 'planning' } }],
        },
      },
      after: {
        phaseTimeout: { target: '#errorHandling', actions: { type: 'noteTimeout', params: { phase: 'planning' } } },
      },
    },
  },
});
