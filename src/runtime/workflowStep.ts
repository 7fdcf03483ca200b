/** One step of a workflow alone, on what a stored run has recorded: the parameters of that run, and the outputs of its other steps. */
import { listedItems, valuesOfItem } from '../../actors/workflow/items.ts';
import { singleStart, type SingleStart } from '../../actors/workflow/stepStart.ts';
import { outputOf, recordsFold, workflowValues } from '../../actors/workflow/values.ts';
import type { WorkflowStart } from '../../machines/workflow/effectTypes.ts';
import type { StepDefinition, WorkflowDefinition } from '../contracts/workflow/definition.ts';
import type { Resolved, WorkflowValues } from '../contracts/workflow/values.ts';
import type { Workflow } from '../define/workflow.ts';
import type { Journal } from '../journal/journal.ts';
import { TroupeError } from '../values/failure.ts';
import { asJson, isJsonObject, type Json } from '../values/json.ts';
import type { WorkflowProject } from '../workflow/files/project/project.ts';
import { runnableWorkflow } from './workflow.ts';

/** What a run has recorded. */
export interface RecordedRun {
  readonly start: WorkflowStart;
  /** What expressions read of the steps that have ended, by their ids. */
  readonly outputs: Readonly<Record<string, Json>>;
}

/** What a run of a workflow has recorded, by the address of its root. Throws `invalid` when it is no run of a workflow. */
export async function recordedRun(journal: Journal, root: string): Promise<RecordedRun> {
  const [start] = await journal.list(root, 'start');
  if (start === undefined || !isJsonObject(start) || !('params' in start))
    throw new TroupeError('invalid', `${root} has recorded no parameters: it is no run of a workflow.`);
  const records = recordsFold.initial();
  for (const entry of await journal.list(root, 'records')) recordsFold.add(records, entry);
  return {
    // The workflow has written this list itself.
    start: start as unknown as WorkflowStart,
    outputs: Object.fromEntries([...records.byStep].map(([id, { end }]) => [id, outputOf(end)])),
  };
}

/** A step that can be run alone. */
export interface StepAlone {
  readonly step: StepDefinition;
  /** Runs the step, whatever its condition says; any input of a run is ignored. Its result is the output of the step. Webhooks are sent only with `send`, also those in a sub-workflow. */
  workflow(options: { readonly send: boolean }): Workflow;
  /** What is sent or asked: the prompt, the request, the parameters. Values of secrets are `[secret]`. */
  rendered(): Json;
}

/** A step of a workflow, on what was recorded. Throws `invalid` when there is no such step, or a step that it reads has not ended. */
export function stepAlone(
  definition: WorkflowDefinition,
  project: WorkflowProject,
  id: string,
  { start, outputs }: RecordedRun,
): StepAlone {
  const step = definition.steps.find((each) => each.id === id);
  const ids = definition.steps.map((each) => each.id).join(', ');
  if (!step) throw new TroupeError('invalid', `There is no step "${id}" in ${definition.file}; there are ${ids}.`);
  const missing = step.after.filter((before) => !Object.hasOwn(outputs, before));
  if (missing.length > 0)
    throw new TroupeError(
      'invalid',
      `${definition.file}:${step.line}:1: the step "${id}" reads ${missing.join(', ')}, which had not ended in that run. Take a run that came further.`,
    );
  const { condition: _, ...unconditional } = step;
  const alone: WorkflowDefinition = {
    ...definition,
    // A step without its condition is still a step of its kind.
    steps: [unconditional as StepDefinition],
    output: {},
    recorded: outputs,
  };
  return {
    step,
    workflow: ({ send }) => ({
      ...runnableWorkflow(alone, project),
      start: () => asJson(send ? start : { ...start, webhooks: false }),
    }),
    rendered: () => renderedStep(definition, step, workflowValues(definition, start, outputs)),
  };
}

function renderedStep(definition: WorkflowDefinition, step: StepDefinition, values: WorkflowValues): Json {
  const { forEach } = step;
  if (!forEach) return renderedOnce(definition, step, values);
  const items = listedItems({ ...step, forEach }, values);
  const [first] = items;
  return {
    items: items.length,
    ...(first === undefined
      ? {}
      : { first: renderedOnce(definition, step, valuesOfItem({ forEach }, values, first, 0)) }),
  };
}

function renderedOnce(definition: WorkflowDefinition, step: StepDefinition, values: WorkflowValues): Json {
  if (step.kind === 'transform') {
    const inputs = step.transform.inputs.map((name) => [name, name === 'params' ? values.params : values.step[name]]);
    return { inputs: asJson(Object.fromEntries(inputs)) };
  }
  if (step.kind === 'broken') return { problem: step.problem ?? 'It has nothing that can be done.' };
  return shownStart(singleStart(step, { definition, values, depth: 0, webhooks: true }));
}

function shownStart(begun: SingleStart): Json {
  switch (begun.kind) {
    case 'agent': {
      const { system, user, reflect, model, maxTurns, servers } = withMarks(begun.input);
      const tools = servers.map(({ name, allow }) => ({ server: name, allow }));
      return asJson({
        model: model.group,
        system,
        user,
        ...(reflect === undefined ? {} : { reflect }),
        maxTurns,
        tools,
      });
    }
    case 'webhook':
      return asJson(withMarks(begun.input.request));
    case 'workflow': {
      const secrets = Object.keys(begun.input.sealed ?? {}).map((name) => [name.replace(/^params\./, ''), secretMark]);
      return { params: { ...begun.input.params, ...Object.fromEntries(secrets) } };
    }
    case 'wait':
      return asJson({ question: begun.input.question, schema: begun.input.schema });
  }
}

const secretMark = '[secret]';

/** The value with a mark wherever something is sealed. */
function withMarks<Value>({ value, sealed }: Resolved<Value>): Value {
  // What is resolved is JSON; its type says which.
  const marked = sealed.reduce<Json>((whole, { path }) => markedAt(whole, path), value as unknown as Json);
  // Only texts and nulls were replaced by a text.
  return marked as unknown as Value;
}

function markedAt(value: Json, [key, ...rest]: readonly (string | number)[]): Json {
  if (key === undefined) return secretMark;
  if (Array.isArray(value)) return value.map((inner: Json, at) => (at === key ? markedAt(inner, rest) : inner));
  if (!isJsonObject(value)) return value;
  return { ...value, [key]: markedAt(value[key] ?? null, rest) };
}
