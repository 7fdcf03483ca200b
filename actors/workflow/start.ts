/** What a workflow starts with: its parameters, checked against their schema and with their defaults. */
import type { WorkflowDefinition, StepDefinition } from '../../src/contracts/workflow/definition.ts';
import type { WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { isJsonObject, type JsonObject } from '../../src/values/json.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import { resolveTemplates } from '../../src/workflow/expressions/resolve.ts';
import { splitParams } from '../../src/workflow/expressions/sealedParams.ts';
import { withSchemaDefaults } from '../../src/workflow/airlock/defaults.ts';
import { violations, violationText } from '../../src/workflow/airlock/violations.ts';
import type { WorkflowStart } from '../../machines/workflow/effectTypes.ts';

/** The parameters of a workflow with their defaults. Throws `invalid`, naming the first field, when they do not fit. */
export function parametersFor({ name, params: schema }: WorkflowDefinition, given: JsonObject): JsonObject {
  if (!schema) return given;
  const params = withSchemaDefaults(schema, given);
  const problems = violations(schema, params);
  if (problems.length === 0) return isJsonObject(params) ? params : given;
  throw new TroupeError('invalid', `The parameters of the workflow "${name}" do not fit: ${violationText(problems)}.`, {
    data: { pointers: problems.map(({ pointer }) => pointer) },
  });
}

/** A step that is another workflow. */
export type SubWorkflowStep = Extract<StepDefinition, { kind: 'workflow' }>;

/** What a sub-workflow starts with: the parameters and the further input that its step gives it. Throws `invalid` when they do not fit. */
export function subWorkflowStart(
  step: SubWorkflowStep,
  values: WorkflowValues,
  above: {
    readonly depth: number;
    readonly within?: string | undefined;
    readonly item?: number | undefined;
    readonly webhooks: boolean;
    readonly budgetUsd?: number | undefined;
  },
): WorkflowStart {
  const { workflow, webhooks } = step;
  const further = splitParams(resolveTemplates(step.input, values, 'input'));
  const own = Object.fromEntries(Object.entries(step.params).filter(([name]) => !reserved.has(name)));
  const given = splitParams(resolveTemplates(own, values, 'param'));
  // What is null counts as not given. Parameters win over the further input, sealed or not.
  const open = Object.fromEntries(Object.entries(given.params).filter(([, value]) => value !== null));
  const sealed = {
    ...withoutNames(
      further.sealed,
      Object.keys(open).map((name) => `params.${name}`),
    ),
    ...given.sealed,
  };
  const hidden = Object.keys(sealed).map((name) => name.slice('params.'.length));
  const params = parametersFor(withoutSealed(workflow, hidden), withoutNames({ ...further.params, ...open }, hidden));
  return {
    params,
    ...(hidden.length > 0 ? { sealed } : {}),
    depth: above.depth + 1,
    within: `${above.within === undefined ? '' : `${above.within}/`}${step.id}${above.item === undefined ? '' : `.${above.item}`}`,
    webhooks: above.webhooks && webhooks === 'execute' && workflow.webhooks === 'execute',
    ...(above.budgetUsd === undefined ? {} : { budgetUsd: above.budgetUsd }),
  };
}

/** Names in `params` that are not parameters of a sub-workflow. */
const reserved: ReadonlySet<string> = new Set(['agent', 'server']);

const withoutNames = <Value>(
  record: Readonly<Record<string, Value>>,
  names: readonly string[],
): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));

/** The schema cannot see what is sealed: it was given, and is no text that could be shown in an error. */
function withoutSealed(workflow: WorkflowDefinition, sealed: readonly string[]): WorkflowDefinition {
  const { params } = workflow;
  if (!params || sealed.length === 0) return workflow;
  const { required, properties } = params;
  return {
    ...workflow,
    params: {
      ...params,
      ...(Array.isArray(required) ? { required: required.filter((name) => !sealed.includes(String(name))) } : {}),
      ...(properties === undefined
        ? {}
        : {
            // It was an object in the schema.
            properties: Object.fromEntries(
              Object.entries(propertiesOf(properties) as JsonObject).filter(([name]) => !sealed.includes(name)),
            ),
          }),
    },
  };
}

/** What a root workflow starts with. What is no object counts as no parameters. Throws `invalid` when they do not fit. */
export const rootWorkflowStart = (definition: WorkflowDefinition, params: unknown): WorkflowStart => ({
  // It is checked to be JSON where a run is started.
  params: parametersFor(definition, isJsonObject(params) ? params : {}),
  webhooks: true,
});
