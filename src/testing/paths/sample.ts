/** Makes up values that fit a schema: every branch of a union, every member of an enum, the ends of a range, with and without what is optional. */
import type { ZodType } from 'zod';
import { TroupeError } from '../../values/failure.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { jsonSchema } from '../../contracts/protocol.ts';
import { virtualClock } from '../clock.ts';
import { jsonObject } from '../jsonValues.ts';
import { schemaValues, type ValueStyle } from '../schemaValues.ts';

/** How values are made up. */
export interface SampleOptions {
  /** A number that decides values where any would fit; 1 by default. */
  readonly seed?: number;
  /** The most values that are returned; 16 by default. */
  readonly limit?: number;
}

/**
 * Makes up values that the schema accepts; the same seed gives the same values. Throws `definition` when none fits, as may be with a pattern
 * or a refinement.
 * @example samplesOf(z.object({ size: z.enum(['s', 'l']) })) // [{ size: 's' }, { size: 'l' }]
 */
export function samplesOf(schema: ZodType, { seed = 1, limit = 16 }: SampleOptions = {}): Json[] {
  const root = jsonObject(jsonSchema(schema));
  const { random } = virtualClock({ seed });
  const drawn = distinct(schemaValues(root, everyKind(random))).filter((value) => schema.safeParse(value).success);
  if (drawn.length === 0)
    throw new TroupeError(
      'definition',
      `No sample could be drawn from the schema ${JSON.stringify(root).slice(0, 200)}. Give samples of your own.`,
    );
  return drawn.slice(0, limit);
}

const distinct = (values: readonly Json[]): Json[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

/** Every branch, every member, and one text for each seed. */
const everyKind = (random: () => number): ValueStyle => ({
  most: Infinity,
  optional: 'varied',
  defaultOnly: false,
  numbers: (schema) => numbers(schema, random),
  texts: (schema) => [text(schema, random)],
  // The shortest list, and one that is longer by one.
  lengths: (least, most) => [least, Math.min(least + 1, most)],
});

/** Both ends of the range and something between; a bound beyond the safe integers is none. */
function numbers(schema: JsonObject, random: () => number): number[] {
  const step = Number(schema['multipleOf'] ?? (schema['type'] === 'integer' ? 1 : 0.5));
  const end = (closed: string, open: string, inward: number) => {
    const bound = schema[closed] ?? schema[open];
    if (typeof bound !== 'number' || Math.abs(bound) >= Number.MAX_SAFE_INTEGER) return undefined;
    return schema[closed] === undefined ? bound + inward * step : bound;
  };
  const [least, most] = [end('minimum', 'exclusiveMinimum', 1), end('maximum', 'exclusiveMaximum', -1)];
  const low = least ?? (most === undefined ? 0 : most - 10 * step);
  const high = most ?? low + 10 * step;
  return [low, high, low + Math.floor((random() * (high - low)) / step) * step];
}

function text({ minLength = 1, maxLength = Infinity }: JsonObject, random: () => number): string {
  const length = Math.min(Math.max(Number(minLength), 4), Number(maxLength));
  return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
}
