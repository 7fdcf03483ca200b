/** What the schemas of all workflow files are made of: maps that refuse unknown keys, and texts as YAML writes them. */
import * as z from 'zod';
import { nearestName } from '../../../values/options.ts';
import { goDuration, goDurationPattern } from '../goDuration.ts';

/** A map with these keys and no others. The message of an unknown key says what was probably meant: one line for each unknown key, in their order. */
export const fields = <Shape extends z.ZodRawShape>(shape: Shape) => {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      return (issue.keys as readonly string[]).map((key) => unknownKey(key, known)).join('\n');
    },
  });
};

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearestName(key, known);
  const shown = `There is no key ${JSON.stringify(key.slice(0, 60))} here`;
  return meant === undefined ? `${shown}; the keys are ${known.join(', ')}.` : `${shown}; did you mean "${meant}"?`;
}

/** A key that may be left out, or left empty. */
export const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();

/** A text; numbers and booleans without quotes count as their texts. */
export const text = () => z.union([z.string(), z.number(), z.boolean()], { error: 'expected a text' });

/** A text that is not empty. */
export const words = () => z.string({ error: 'expected a text' }).min(1, 'expected a text that is not empty');

/** A text that is not empty, such as the id of a step; YAML reads some of them as numbers. */
export const wordsOrNumber = () =>
  z.union([words(), z.number(), z.boolean()], { error: 'expected a text' }).transform(String);

/** Any value. */
export const anything = () => z.unknown();

/** A map with names of the author's choice. */
export const mapOf = <Schema extends z.ZodType>(schema: Schema) =>
  z.record(z.string(), schema, { error: 'expected a map' });

/** A JSON Schema. */
export const schemaMap = () => mapOf(anything()).describe('A JSON Schema.');

/** A duration such as `500ms`, `30m` or `1h30m`. */
export const duration = () =>
  z
    .string({ error: 'expected a duration such as "500ms", "30s" or "2h"' })
    .regex(goDurationPattern, 'expected a duration such as "500ms", "30s" or "2h"')
    .refine((value) => goDuration(value) !== undefined, 'expected a duration above zero and below ten years');

/** A number of seconds above zero. */
export const seconds = () => z.number().positive().max(315_360_000);

/** A whole number from `least`. */
export const whole = (least: number) => z.number().int().min(least);
