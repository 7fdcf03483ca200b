/** Writes the task into the transcript; from then on it is there and not in the context. */
import { agent } from '../setup.ts';

export const initiation = agent.createStateConfig({
  id: 'initiation',
  always: { target: '#requirements', actions: ['keepPolicy', 'appendTask'] },
});
