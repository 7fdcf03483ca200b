/** Makes the definition of a step from its source. */
import type { AgentFile } from '../../../contracts/workflow/agentFile.ts';
import type { StepDefinition, StepWork, WorkflowDefinition } from '../../../contracts/workflow/definition.ts';
import type { StepCommon } from '../../../contracts/workflow/stepParts.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import { sourceSteps } from '../../transform/source.ts';
import { stepOrder } from '../../expressions/stepOrder.ts';
import { goDuration } from '../goDuration.ts';
import type { StepSource } from '../schema/step.ts';
import { schemaOf } from './agent.ts';
import { stepTexts, transformReferences } from './texts.ts';
import { readOperation } from './transform.ts';

/** How long a webhook may take by default, in milliseconds. */
const webhookTimeout = 30_000;
/** How long a person has by default, in milliseconds: seven days. */
const waitDeadline = 7 * 86_400_000;
/** The first pause before a retry, in milliseconds. */
const firstPause = 1_000;

/** What a step needs beside its source. */
export interface StepSurroundings {
  /** The ids of all steps of its workflow, in their order. */
  readonly ids: readonly string[];
  readonly line: number;
  readonly agent: AgentFile | undefined;
  readonly workflow: WorkflowDefinition | undefined;
  /** What is wrong in its files; undefined when nothing is. */
  readonly problem?: string | undefined;
}

/** The definition of a step that was checked. One without work that can be done is broken. */
export const defineStep = (source: StepSource, around: StepSurroundings): StepDefinition => ({
  ...commonOf(source, around),
  ...(workOf(source, around) ?? { kind: 'broken' }),
});

/** The ids of the steps that must have ended before a step: those it names, and those that it reads. */
export function stepsBefore(source: StepSource, ids: readonly string[]): string[] {
  const named = source.depends_on ?? [];
  const read = stepTexts(source, ids).flatMap(({ reads }) => reads.steps);
  const merged = transformReferences(source).flatMap(({ text }) => sourceSteps(text, ids));
  const all = new Set([...named, ...read, ...merged]);
  const order = stepOrder(ids);
  const placeOf = (id: string) => order.get(id) ?? 0;
  return [...all].filter((id) => order.has(id)).sort((a, b) => placeOf(a) - placeOf(b));
}

function commonOf(source: StepSource, { ids, line, problem }: StepSurroundings): StepCommon {
  const timeout = goDuration(source.timeout ?? '') ?? milliseconds(source.timeout_s);
  const cache = goDuration(source.cache ?? '');
  const list = source.for_each?.from ?? source.for_each?.items;
  const { condition } = source;
  return {
    id: source.id,
    line,
    after: stepsBefore(source, ids),
    ...(condition != null && { condition: typeof condition === 'boolean' ? `\`${condition}\`` : condition }),
    params: paramsOf(source),
    ...(source.output?.schema && { schema: withoutReserved(schemaOf(source.output.schema)) }),
    ...(source.confidence_threshold != null && { confidenceThreshold: source.confidence_threshold }),
    ...(list != null && {
      forEach: {
        from: list,
        ...(source.for_each?.as != null && { as: source.for_each.as }),
        ...positive('concurrency', source.for_each?.concurrency),
        ...positive('maxItems', source.for_each?.max_items),
        maxFailures: source.for_each?.max_failures ?? 0,
      },
    }),
    ...(source.retry && {
      retry: { max: source.retry.max, backoff: goDuration(source.retry.backoff ?? '') ?? firstPause },
    }),
    ...(timeout !== undefined && { timeout }),
    onError: source.on_error ?? 'fail',
    ...(cache !== undefined && { cache }),
    ...(problem !== undefined && { problem }),
  };
}

function workOf(source: StepSource, { agent, workflow }: StepSurroundings): StepWork | undefined {
  if (agent)
    return {
      kind: 'agent',
      agent,
      model: {
        ...(source.model?.group != null && { group: source.model.group }),
        ...(source.model?.max_tokens != null && { maxTokens: source.model.max_tokens }),
      },
    };
  if (workflow)
    return { kind: 'workflow', workflow, input: jsonOf(source.input), webhooks: source.webhooks ?? 'suppress' };
  if (source.transform) {
    const ops = (source.transform.ops ?? []).flatMap((map) => {
      const read = readOperation(map);
      return 'operation' in read ? [read.operation] : [];
    });
    const inputs = (source.transform.inputs ?? []).map((input) => (typeof input === 'string' ? input : input.from));
    return { kind: 'transform', transform: { inputs, ops } };
  }
  if (source.webhook)
    return { kind: 'webhook', webhook: webhookOf(source.webhook), onApproval: source.on === 'approval' };
  if (source.wait)
    return {
      kind: 'wait',
      wait: {
        question: source.wait.question,
        schema: source.wait.schema ? schemaOf(source.wait.schema) : { type: 'object' },
        deadline: goDuration(source.wait.timeout ?? '') ?? waitDeadline,
        // What YAML holds is JSON.
        ...(source.wait.default !== undefined && { default: source.wait.default as Json }),
      },
    };
  return undefined;
}

const webhookOf = (source: NonNullable<StepSource['webhook']>) => ({
  url: source.url,
  method: (source.method ?? 'POST').toUpperCase(),
  headers: Object.fromEntries(Object.entries(source.headers ?? {}).map(([name, value]) => [name, String(value)])),
  body: jsonOf(source.body),
  ...(source.sign != null && { sign: source.sign }),
  timeout: goDuration(source.timeout ?? '') ?? milliseconds(source.timeout_s) ?? webhookTimeout,
  idempotent: source.idempotent ?? true,
});

/** The names `agent` and `server` are reserved in the parameters of a sub-workflow. */
function paramsOf(source: StepSource): Readonly<Record<string, Json>> {
  const params = jsonOf(source.params);
  if (source.workflow == null) return params;
  return Object.fromEntries(Object.entries(params).filter(([name]) => name !== 'agent' && name !== 'server'));
}

/** A schema without the names of reserved outputs among what it requires: they are taken out before it is checked. */
export function withoutReserved(schema: JsonObject): JsonObject {
  const required = schema['required'];
  if (!Array.isArray(required)) return schema;
  return { ...schema, required: required.filter((name) => !isReserved(name)) };
}

const isReserved = (name: unknown) => typeof name === 'string' && (name.startsWith('ktsu_') || name === '_error');

// What YAML holds is JSON.
const jsonOf = (map: Readonly<Record<string, unknown>> | null | undefined) =>
  (map ?? {}) as Readonly<Record<string, Json>>;

const milliseconds = (seconds: number | null | undefined) =>
  seconds == null ? undefined : Math.max(1, Math.round(seconds * 1_000));

const positive = <Name extends string>(name: Name, value: number | null | undefined) =>
  value != null && value > 0 ? ({ [name]: value } as Partial<Record<Name, number>>) : {};
