/** Reads what the text of an answer says: a draft that fits, one that breaks the schema, or no JSON object. */
import { canonicalJson, isJsonObject, type JsonObject } from '../../../src/values/json.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import { noMetrics } from '../../../src/contracts/workflow/metrics.ts';
import { judge } from '../../../src/workflow/airlock/judge.ts';
import { evaluateReserved, fatalFlag, withoutReservedRequired } from '../../../src/workflow/airlock/reserved.ts';
import { violations, violationText, type SchemaViolation } from '../../../src/workflow/airlock/violations.ts';
import { inexactIntegersIn } from '../../../src/values/exactNumbers.ts';
import { makeFailure } from '../../../machines/failure.ts';
import { asZodJson } from '../../../machines/json.ts';
import { requireInput } from '../../../src/values/plain.ts';
import { propertiesOf } from '../../../src/values/properties.ts';
import type { KeptAgentTask, StepQuestion, StepReply } from '../../../machines/workflow/agentStep/effectTypes.ts';

/** The one JSON object that a text is, inside one code fence or without; undefined when it is anything else, or holds what cannot be stored. */
export function jsonObjectIn(text: string): JsonObject | undefined {
  try {
    const value = requireInput('The answer', JSON.parse(withoutFence(text.trim())));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const fence = '```';

/** The text inside a code fence that surrounds it, with or without the name of a language. */
function withoutFence(text: string): string {
  if (!text.startsWith(fence) || !text.endsWith(fence) || text.length < 2 * fence.length) return text;
  const inside = text.slice(fence.length, -fence.length);
  return inside.replace(/^[\w+-]*/, '');
}

const confidence = 'ktsu_confidence';

/** What a text says for a task. A draft that is to be reflected upon is judged by what the reflection makes of it, whatever its confidence. */
export function readReply(text: string, { value: task }: KeptAgentTask, about: StepQuestion['about']): StepReply {
  const draft = jsonObjectIn(text);
  if (!draft) return { kind: 'unreadable' };
  const reflects = about === 'task' && mustReflect(draft, task);
  const flag = reflects ? fatalFlag(draft) : undefined;
  if (flag) return { kind: 'draft', end: flaggedEnd(flag, draft) };
  const { confidenceThreshold } = task;
  const threshold =
    about === 'reflection' || reflects || confidenceThreshold === undefined ? {} : { threshold: confidenceThreshold };
  const schemas = [task.output, ...(task.stepOutput ? [task.stepOutput] : [])];
  const end = judge(draft, { metrics: noMetrics, schemas, ...threshold });
  if (end.status === 'failed' && end.code === 'output_invalid') {
    const { output } = evaluateReserved(draft);
    const broken = schemas.flatMap((schema) => violations(withoutReservedRequired(schema), output));
    return { kind: 'violating', correction: repairPrompt(broken), end };
  }
  const lost = end.status === 'complete' ? lostDigitsIn(text) : [];
  if (lost.length > 0) return { kind: 'violating', correction: repairPrompt(lost), end: lossyEnd(lost, text) };
  return { kind: 'draft', end, ...(reflects && end.status !== 'failed' ? { reflect: canonicalJson(draft) } : {}) };
}

/** Integers that would be others after they were read: an identifier of something else would be handed on. */
const lostDigitsIn = (text: string): readonly SchemaViolation[] =>
  inexactIntegersIn(text).map((written) => ({
    pointer: '',
    message: `has the number ${written.slice(0, 60)}, with more digits than a number keeps; give it as a text`,
  }));

const lossyEnd = (lost: readonly SchemaViolation[], text: string): StepEnd => ({
  status: 'failed',
  code: 'output_invalid',
  failure: makeFailure('invalid', `The output cannot be handed on: ${violationText(lost)}.`),
  metrics: noMetrics,
  raw_output: text,
});

const flaggedEnd = (
  { code, kind, message }: NonNullable<ReturnType<typeof fatalFlag>>,
  draft: JsonObject,
): StepEnd => ({
  status: 'failed',
  code,
  failure: makeFailure(kind, message),
  metrics: noMetrics,
  raw_output: asZodJson(draft),
});

/** Whether a draft is reflected upon: always, unless its schema declares a confidence and the draft's reaches the threshold. */
export function mustReflect(
  draft: JsonObject,
  { reflect, output, confidenceThreshold }: Pick<KeptAgentTask['value'], 'reflect' | 'output' | 'confidenceThreshold'>,
): boolean {
  if (reflect === undefined) return false;
  if (!Object.hasOwn(propertiesOf(output['properties']), confidence) || confidenceThreshold === undefined) return true;
  const said = Object.hasOwn(draft, confidence) ? draft[confidence] : undefined;
  return typeof said !== 'number' || said < confidenceThreshold;
}

const repairPrompt = (broken: ReturnType<typeof violations>): string =>
  `Your response does not fit the JSON schema:\n${[...new Set(broken.map((one) => `- ${violationText([one])}`))].join('\n')}\nRespond again with only a valid JSON object that fits it, and nothing else.`;
