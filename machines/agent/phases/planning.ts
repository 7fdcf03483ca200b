/** How to reach the objective. A plan of one step, the task itself, needs no model; a longer plan is a graph of steps whose order can be followed. */
import { modelPhase } from './modelPhase.ts';

const phase = {
  phase: 'planning',
  wanted: 'asksForPlan',
  next: '#execution',
  working: 'drafting',
  effect: 'plan',
  isShort: 'mustLeaseForPlan',
  onDone: [
    { guard: 'isFollowable', target: '#execution', actions: ['pay', 'appendPlan'] },
    { guard: 'mayRequery', target: 'considering', actions: ['pay', 'countRequery'] },
    { target: '#errorHandling', actions: ['pay', 'noteBadPlan'] },
  ],
} as const;

export const planningPhase = modelPhase(phase, false);
/** The same for an agent that may be lent its budget. */
export const lentPlanningPhase: typeof planningPhase = modelPhase(phase, true);
