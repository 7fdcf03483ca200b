/** Writes the task into the transcript; from then on it is there and not in the context. */
import { agentSetup } from '../setup.ts';

export const initiationPhase = agentSetup.createStateConfig({
  id: 'initiation',
  always: { target: '#requirements', actions: ['keepPolicy', 'appendTask'] },
});
