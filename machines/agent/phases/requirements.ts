/** What the task asks for: objective, requirements, risks. Most agents read that from the task itself; some let a model analyze it first. */
import { modelPhase } from './modelPhase.ts';

export const requirementsPhase = modelPhase({
  phase: 'requirements',
  wanted: 'asksForAnalysis',
  next: '#discovery',
  working: 'analyzing',
  effect: 'analyze',
  onDone: [{ target: '#discovery', actions: ['pay', 'appendAnalysis'] }],
});
