/** Whether the answer meets every objective. If not, the agent plans again, a bounded number of times. */
import { agentSetup } from '../setup.ts';

export const verificationPhase = agentSetup.createStateConfig({
  id: 'verification',
  initial: 'considering',
  states: {
    considering: {
      always: [
        { guard: 'asksForProof', target: 'checking' },
        { target: '#cleanup', actions: 'settleCompleted' },
      ],
    },
    checking: {
      on: { 'agent.input': { guard: 'interrupts', target: '#safePoint', actions: 'queueInput' } },
      invoke: {
        src: 'verify',
        id: 'verify',
        input: ({ context }) => ({
          message: context.message,
          answer: context.answer ?? { type: 'text', body: '' },
          round: context.rounds,
        }),
        onDone: [
          // The answer was given before the latest input was read.
          { guard: 'isBehind', target: '#safePoint' },
          { guard: 'isProven', target: '#cleanup', actions: ['keepEvidence', 'settleCompleted'] },
          { guard: 'mayMend', target: '#planning', actions: ['keepEvidence', 'appendGaps'] },
          { target: '#errorHandling', actions: ['keepEvidence', 'noteUnproven'] },
        ],
        onError: { target: '#errorHandling', actions: { type: 'keepFailure', params: { phase: 'verification' } } },
      },
      after: {
        phaseTimeout: { target: '#errorHandling', actions: { type: 'noteTimeout', params: { phase: 'verification' } } },
      },
    },
  },
});
