/** Activates the toolbelt as a whole or not at all: whatever fails on the way restores the tools that the agent had. */
import type { AgentContext } from '../context.ts';
import { agentSetup } from '../setup.ts';

const epoch = ({ context: { tools, message } }: { context: AgentContext }) => ({ epoch: tools.epoch, message });

export const toolbeltPhase = agentSetup.createStateConfig({
  id: 'toolbelt',
  initial: 'snapshot',
  states: {
    snapshot: {
      entry: 'rememberTools',
      always: 'connecting',
    },
    connecting: {
      invoke: { src: 'connectToolbelt', id: 'connectToolbelt', input: epoch, onDone: 'listing', onError: 'rollback' },
      after: { phaseTimeout: 'rollback' },
    },
    listing: {
      invoke: {
        src: 'listToolbelt',
        id: 'listToolbelt',
        input: epoch,
        onDone: { target: 'verifying', actions: 'keepBelt' },
        onError: 'rollback',
      },
      after: { phaseTimeout: 'rollback' },
    },
    verifying: {
      always: [{ guard: 'isBeltSound', target: 'ready' }, { target: 'rollback' }],
    },
    ready: {
      always: [
        {
          guard: 'lacksCapability',
          target: '#errorHandling',
          actions: ['wearBelt', { type: 'noteGap', params: { phase: 'toolbelt' } }],
        },
        { target: '#execution', actions: 'wearBelt' },
      ],
    },
    rollback: {
      invoke: {
        src: 'dropToolbelt',
        id: 'dropToolbelt',
        input: epoch,
        onDone: { target: '#execution', actions: 'restoreTools' },
        onError: {
          target: '#errorHandling',
          actions: ['restoreTools', { type: 'keepFailure', params: { phase: 'toolbelt' } }],
        },
      },
      after: {
        phaseTimeout: {
          target: '#errorHandling',
          actions: ['restoreTools', { type: 'noteTimeout', params: { phase: 'toolbelt' } }],
        },
      },
    },
  },
});
