/** Makes up values that fit a schema: every branch of a union, every member of an enum, the ends of a range, with and without what is optional. */
import type { ZodType } from 'zod';
import { TroupeError } from '../../values/failure.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { jsonSchema } from '../../contracts/protocol.ts';
import { virtualClock } from '../clock.ts';
import { jsonList, jsonObject, jsonObjects } from '../jsonValues.ts';

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
  const drawn = distinct(drawing(root, random)(root, 0)).filter((value) => schema.safeParse(value).success);
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

/** References may be recursive: deeper than this they are not followed. */
const deepest = 6;

const formats: Readonly<Record<string, string>> = {
  email: 'ada@example.org',
  uuid: '00000000-0000-4000-8000-000000000000',
  uri: 'https://example.org/',
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00',
  duration: 'PT1H',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
};

function drawing(root: JsonObject, random: () => number) {
  return function draw(schema: JsonObject, depth: number): Json[] {
    const { $ref, const: constant, enum: members, anyOf, oneOf, allOf, type } = schema;
    if (typeof $ref === 'string') return depth > deepest ? [] : draw(resolved(root, $ref), depth + 1);
    if (constant !== undefined) return [constant];
    if (Array.isArray(members)) return members;
    const branches = jsonObjects(anyOf ?? oneOf);
    if (branches) return branches.flatMap((branch) => draw(branch, depth + 1));
    const parts = jsonObjects(allOf);
    if (parts) return [Object.assign({}, ...parts.map((part) => draw(part, depth + 1)[0]))];
    switch (type) {
      case 'boolean':
        return [true, false];
      case 'integer':
      case 'number':
        return numbers(schema, random);
      case 'string':
        return [text(schema, random)];
      case 'array':
        return arrays(schema, (item) => draw(item, depth + 1));
      case 'object':
        return objects(schema, (property) => draw(property, depth + 1));
      default:
        return [null];
    }
  };
}

const resolved = (root: JsonObject, ref: string): JsonObject =>
  ref
    .split('/')
    .slice(1)
    .reduce<JsonObject>((at, name) => jsonObject(at[name]), root);

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

function text({ format, minLength = 1, maxLength = Infinity }: JsonObject, random: () => number): string {
  const known = typeof format === 'string' ? formats[format] : undefined;
  if (known !== undefined) return known;
  const length = Math.min(Math.max(Number(minLength), 4), Number(maxLength));
  return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
}

/** The shortest list, and one that is longer by one. */
function arrays(
  { items, prefixItems, minItems = 0, maxItems }: JsonObject,
  draw: (item: JsonObject) => Json[],
): Json[] {
  const listed = jsonObjects(prefixItems);
  if (listed) return [listed.map((item) => draw(item)[0] ?? null)];
  const values = draw(jsonObject(items));
  const filled = (length: number): Json[] =>
    Array.from({ length }, (_, index) => values[index % values.length]).filter((value) => value !== undefined);
  const least = Number(minItems);
  return [filled(least), filled(Math.min(least + 1, Number(maxItems ?? Infinity)))];
}

/** One object with every property, each property's other values one at a time, and one object with only the required properties. */
function objects({ properties = {}, required = [] }: JsonObject, draw: (property: JsonObject) => Json[]): Json[] {
  const drawn = Object.entries(jsonObject(properties)).flatMap(([name, each]) => {
    const [first, ...others] = draw(jsonObject(each));
    return first === undefined ? [] : [{ name, first, others }];
  });
  const full = Object.fromEntries(drawn.map(({ name, first }) => [name, first]));
  const varied = drawn.flatMap(({ name, others }) => others.map((other) => ({ ...full, [name]: other })));
  const names = jsonList(required) ?? [];
  const bare = Object.fromEntries(Object.entries(full).filter(([name]) => names.includes(name)));
  return [full, ...varied, bare];
}
