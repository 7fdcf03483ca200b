/** How a step is begun: what it is given, how long it may take and how often it is tried. */
import type { StepDispatch, StepStart } from '../../../machines/workflow/effectTypes.ts';
import { singleStart, type WorkingStep } from '../stepStart.ts';
import type { Known } from './known.ts';

/** A step that begins; its share of the budget is not known yet. Throws what templates and parameters throw. */
export function dispatchOf(step: WorkingStep, known: Known): Omit<StepDispatch, 'reservedUsd'> {
  const { id, timeout, retry } = step;
  return {
    step: id,
    start: stepStart(step, known),
    ...(timeout === undefined ? {} : { timeout }),
    // Where it fans out, its items have their attempts themselves.
    ...(retry && !step.forEach ? { retry } : {}),
  };
}

/** What a step is given. */
export function stepStart(step: WorkingStep, known: Known): StepStart {
  const { depth = 0, webhooks = true, within } = known.start;
  const above = { depth, webhooks, ...(within === undefined ? {} : { within }) };
  if (step.kind === 'transform' || (step.forEach && step.kind === 'webhook'))
    return { kind: 'items', input: { step: step.id } };
  if (step.forEach) return { kind: 'fanOut', input: { step: step.id, values: known.valuesFor(step), ...above } };
  return singleStart(step, { definition: known.graph.definition, values: known.values, ...above });
}
