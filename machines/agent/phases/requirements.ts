/** What the task asks for: objective, requirements, risks. Most agents read that from the task itself; some let a model analyze it first. */
import { modelPhase } from './modelPhase.ts';

const phase = {
  phase: 'requirements',
  wanted: 'asksForAnalysis',
  next: '#discovery',
  working: 'analyzing',
  effect: 'analyze',
  isShort: 'mustLeaseForAnalysis',
  onDone: [{ target: '#discovery', actions: ['pay', 'appendAnalysis'] }],
} as const;

export const requirementsPhase = modelPhase(phase, false);
/** The same for an agent that may be lent its budget. */
export const lentRequirementsPhase: typeof requirementsPhase = modelPhase(phase, true);
