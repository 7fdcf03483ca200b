/** What the expressions of a workflow read: its parameters, its environment, and the outputs of the steps that have ended. */
import type { EffectScope, ListFold } from '../../src/contracts/effect.ts';
import type { StepDefinition, WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import type { StepEnd, StepRecord } from '../../src/contracts/workflow/step.ts';
import type { Sealed, WorkflowValues } from '../../src/contracts/workflow/values.ts';
import type { Json } from '../../src/values/json.ts';
import type { WorkflowStart } from '../../machines/workflow/effectTypes.ts';
import { entriesOf, foldOf } from '../lists.ts';

/** The records of a workflow. */
export interface Records {
  /** By the id of the step; the latest one, when a step was done again. */
  readonly byStep: Map<string, StepRecord>;
}

/** The records of the list, one after the other. */
export const recordsFold: ListFold<Records> = {
  initial: () => ({ byStep: new Map() }),
  add(records, entry) {
    // The workflow writes this list itself, and writes only records to it.
    const record = entry as unknown as StepRecord;
    records.byStep.set(record.id, record);
    return records;
  },
};

/** What expressions read of the end of a step. */
export function outputOf(end: StepEnd): Json {
  if (end.status !== 'failed') return end.output;
  return { error: { code: end.code, message: end.failure.message } };
}

/** The values of a workflow, without those of an item. */
export function workflowValues(
  { env, environment }: Pick<WorkflowDefinition, 'env' | 'environment'>,
  { params, sealed = {} }: WorkflowStart,
  outputs: Readonly<Record<string, Json>>,
): WorkflowValues {
  return {
    params,
    env: environment,
    step: outputs,
    sealed: {
      ...Object.fromEntries(
        env.flatMap(({ name, secret }): [string, Sealed][] => (secret ? [[`env.${name}`, { env: name }]] : [])),
      ),
      ...sealed,
    },
  };
}

/** The values of a workflow as its actor has kept them so far. */
export async function valuesSoFar(
  definition: WorkflowDefinition,
  scope: Pick<EffectScope, 'list' | 'fold'>,
): Promise<WorkflowValues> {
  const { byStep } = await foldOf(scope, 'records', recordsFold);
  const outputs = Object.fromEntries([...byStep].map(([id, { end }]) => [id, outputOf(end)]));
  return workflowValues(definition, await startOf(scope), { ...definition.recorded, ...outputs });
}

/** What the actor of a workflow started with. */
export async function startOf(scope: Pick<EffectScope, 'list'>): Promise<WorkflowStart> {
  const [start] = await entriesOf<WorkflowStart>(scope, 'start');
  if (!start) throw new Error('The workflow has not kept what it starts with.');
  return start;
}

/** The step of this id. Throws when there is none: the definition is not the one that the run was begun with. */
export function stepOf({ name, steps }: Pick<WorkflowDefinition, 'name' | 'steps'>, id: string): StepDefinition {
  const step = steps.find((each) => each.id === id);
  if (!step) throw new Error(`The workflow "${name}" has no step "${id}" any more.`);
  return step;
}
