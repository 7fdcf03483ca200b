/** Changes the tier of tools: up when the model asks or a capability is missing, down when a tier is not used. */
import { agentSetup } from '../setup.ts';

export const transitionPhase = agentSetup.createStateConfig({
  id: 'transition',
  always: [
    { guard: 'needsToolbelt', target: '#toolbelt' },
    { guard: 'needsToolchain', target: '#execution', actions: 'raiseTier' },
    { guard: 'isIdleTier', target: '#execution', actions: 'lowerTier' },
    { target: '#execution', actions: 'keepTier' },
  ],
});
