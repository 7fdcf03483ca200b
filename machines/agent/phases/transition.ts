/** Changes the tier of tools: up when the model asks or a capability is missing, down when a tier is not used. */
import { agent } from '../setup.ts';

export const transition = agent.createStateConfig({
  id: 'transition',
  always: [
    { guard: 'needsToolbelt', target: '#toolbelt' },
    { guard: 'needsToolchain', target: '#execution', actions: 'raiseTier' },
    { guard: 'isIdleTier', target: '#execution', actions: 'lowerTier' },
    { target: '#execution', actions: 'keepTier' },
  ],
});
