/** Whether an answer fits the schema of its question. One that does not is refused before anything is written: the question stays open. */
import * as z from 'zod';
import { fitsSchema } from '../../machines/schemaCheck.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';

/** A question, as far as its answer is concerned. */
interface Question {
  readonly question: string;
  readonly schema: JsonObject;
}

/** Throws `invalid` for an answer that does not fit, as far as zod and the chart of the ticket look. */
export function requireAnswerFits(asked: Question, answer: Json): void {
  const { schema } = asked;
  const parsed = zodOf(schema)?.safeParse(answer);
  if (parsed?.success === false) throw misfit(asked, describeMismatch(parsed.error, answer));
  // What its chart would drop must not be sent: a ticket takes one answer.
  if (!fitsSchema(schema, answer)) throw misfit(asked, 'it breaks the schema');
}

/**
 * The same with every keyword of JSON Schema. Without the packages that know all of them, those are checked that zod knows; rejects with `environment` when that is
 * not possible.
 */
export async function requireWholeAnswerFits(asked: Question, answer: Json): Promise<void> {
  const { schema } = asked;
  requireAnswerFits(asked, answer);
  if (isUsual(schema)) return;
  const { loadLanguage } = await import('../workflow/loadLanguage.ts');
  try {
    await loadLanguage();
  } catch (thrown) {
    if (zodOf(schema)) return;
    throw thrown;
  }
  const { violations, violationText } = await import('../workflow/airlock/violations.ts');
  const broken = violations(schema, answer);
  if (broken.length > 0) throw misfit(asked, violationText(broken));
}

/** The schema as zod has it; undefined when it has a keyword that zod refuses. */
function zodOf(schema: JsonObject): z.ZodType | undefined {
  try {
    return z.fromJSONSchema({ ...schema });
  } catch {
    return undefined;
  }
}

const misfit = ({ question, schema }: Question, why: string): TroupeError =>
  new TroupeError(
    'invalid',
    `The answer to "${question}" does not fit: ${why}. Expected ${JSON.stringify(schema)}; the ticket is still open.`,
  );

const annotations = ['$schema', 'title', 'description', 'default', 'examples'];
/** The keywords that zod knows, by the type that they are for. */
const byType: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format', 'enum', 'const'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'enum', 'const'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'enum', 'const'],
  boolean: ['enum', 'const'],
  null: [],
};

/** Whether zod checks all of a schema: it passes over what it does not expect, such as a required name that is no property, and throws for some keywords. */
function isUsual(schema: Json | undefined): boolean {
  if (!isJsonObject(schema)) return false;
  const { type, properties = {}, required = [], additionalProperties, items, anyOf, oneOf } = schema;
  const names = Object.keys(schema).filter((name) => !annotations.includes(name));
  if (type === undefined) {
    if (names.length === 0) return true;
    const choices = anyOf ?? oneOf;
    const isChoice = names.length === 1 && Array.isArray(choices) && choices.every(isUsual);
    return isChoice || (names.length === 1 && (names[0] === 'enum' || names[0] === 'const'));
  }
  if (typeof type !== 'string' || !isJsonObject(properties) || !Array.isArray(required)) return false;
  return (
    names.every((name) => name === 'type' || byType[type]?.includes(name)) &&
    Object.values(properties).every(isUsual) &&
    required.every((name) => Object.hasOwn(properties, String(name))) &&
    (additionalProperties === undefined ||
      typeof additionalProperties === 'boolean' ||
      isUsual(additionalProperties)) &&
    (items === undefined || isUsual(items))
  );
}
