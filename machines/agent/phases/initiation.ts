/** The task is written down. From here on the transcript tells it. */
import { agent } from '../vocabulary.ts';

export const initiation = agent.createStateConfig({
  id: 'initiation',
  always: { target: '#requirements', actions: ['keepPolicy', 'appendTask'] },
});
