/** The steps of a workflow as a graph, and the order in which they are decided about. */
import type { StepDefinition, WorkflowDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { StepRecord } from '../../../src/contracts/workflow/step.ts';

/** A definition, and what all its decisions look up in it. */
export interface StepGraph {
  readonly definition: WorkflowDefinition;
  readonly steps: ReadonlyMap<string, StepDefinition>;
  /** The ids of all steps, also of those with a recorded output. */
  readonly ids: readonly string[];
  /** By the id of a step: the steps that come after it. */
  readonly followers: ReadonlyMap<string, readonly StepDefinition[]>;
}

/** The graph of a definition. */
export function graphOf(definition: WorkflowDefinition): StepGraph {
  const followers = new Map<string, StepDefinition[]>();
  for (const step of definition.steps)
    for (const id of step.after) {
      const after = followers.get(id);
      if (after) after.push(step);
      else followers.set(id, [step]);
    }
  const steps = new Map(definition.steps.map((step) => [step.id, step]));
  return { definition, steps, ids: [...steps.keys(), ...Object.keys(definition.recorded ?? {})], followers };
}

/** What a workflow does when the step failed. */
export const onErrorOf = ({ steps }: StepGraph, id: string): StepDefinition['onError'] =>
  steps.get(id)?.onError ?? 'fail';

/** The first of these that failed and may not. */
export const fatalOf = (graph: StepGraph, records: Iterable<StepRecord>): StepRecord | undefined => {
  for (const record of records)
    if (record.end.status === 'failed' && onErrorOf(graph, record.id) === 'fail') return record;
  return undefined;
};

/** Steps whose predecessors have ended, in the order of the file; those that a step before makes ready, by a new record, follow in their turn. */
export function* readySteps(
  { definition, followers }: StepGraph,
  records: ReadonlyMap<string, StepRecord>,
  busy: ReadonlySet<string>,
): Generator<StepDefinition> {
  const { steps, recorded = {} } = definition;
  /** How many steps before a step have not ended; of the steps that can begin in this decision. */
  const open = new Map<string, number>();
  const ready: StepDefinition[] = [];
  for (const step of steps) {
    if (records.has(step.id) || busy.has(step.id)) continue;
    let before = 0;
    for (const id of step.after) if (!records.has(id) && !Object.hasOwn(recorded, id)) before++;
    if (before === 0) ready.push(step);
    open.set(step.id, before);
  }
  // The list grows while it is read.
  for (const step of ready) {
    yield step;
    if (!records.has(step.id)) continue;
    for (const follower of followers.get(step.id) ?? []) {
      const before = open.get(follower.id);
      if (before === undefined) continue;
      open.set(follower.id, before - 1);
      if (before === 1) ready.push(follower);
    }
  }
}
