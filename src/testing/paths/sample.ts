/** Values that fit a schema: every branch of a union, every member of an enum, the ends of a range, with and without what is optional. */
import type { ZodType } from 'zod';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { jsonSchema } from '../../contracts/protocol.ts';
import { virtualClock } from '../clock.ts';

export interface SampleOptions {
  /** Decides what is drawn where anything would do; 1 unless told otherwise. */
  readonly seed?: number;
  /** At most so many values; 16 unless told otherwise. */
  readonly most?: number;
}

/**
 * Draws values that the schema takes; the same seed draws the same. Throws `definition` when none can be drawn: a pattern or a
 * refinement that chance does not meet.
 * @example samplesOf(z.object({ size: z.enum(['s', 'l']) })) // [{ size: 's' }, { size: 'l' }]
 */
export function samplesOf(schema: ZodType, { seed = 1, most = 16 }: SampleOptions = {}): Json[] {
  const root = jsonSchema(schema) as JsonObject;
  const { random } = virtualClock({ seed });
  const drawn = distinct(drawing(root, random)(root, 0)).filter((value) => schema.safeParse(value).success);
  if (drawn.length === 0)
    throw new TroupeError(
      'definition',
      `No sample could be drawn from the schema ${JSON.stringify(root).slice(0, 200)}. Give samples of your own.`,
    );
  return drawn.slice(0, most);
}

const distinct = (values: readonly Json[]): Json[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

/** References may go round in a circle; deeper than this only what is short is drawn. */
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
    const branches = (anyOf ?? oneOf) as JsonObject[] | undefined;
    if (branches) return branches.flatMap((branch) => draw(branch, depth + 1));
    if (Array.isArray(allOf))
      return [Object.assign({}, ...(allOf as JsonObject[]).map((part) => draw(part, depth + 1)[0]))];
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
    .reduce<JsonObject>((at, name) => at[name] as JsonObject, root);

/** Both ends and something between; an end beyond what is safe is no end. */
function numbers(schema: JsonObject, random: () => number): number[] {
  const step = Number(schema['multipleOf'] ?? (schema['type'] === 'integer' ? 1 : 0.5));
  const end = (closed: string, open: string, inward: number) => {
    const bound = (schema[closed] ?? schema[open]) as number | undefined;
    if (bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER) return undefined;
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

/** The shortest, and one longer. */
function arrays(
  { items, prefixItems, minItems = 0, maxItems }: JsonObject,
  draw: (item: JsonObject) => Json[],
): Json[] {
  if (Array.isArray(prefixItems)) return [prefixItems.map((item) => draw(item as JsonObject)[0] ?? null)];
  const values = draw((items ?? {}) as JsonObject);
  const filled = (length: number): Json[] =>
    Array.from({ length }, (_, index) => values[index % values.length]).filter((value) => value !== undefined);
  const least = Number(minItems);
  return [filled(least), filled(Math.min(least + 1, Number(maxItems ?? Infinity)))];
}

/** One with everything, each property's other values one at a time, and one with only what is required. */
function objects({ properties = {}, required = [] }: JsonObject, draw: (property: JsonObject) => Json[]): Json[] {
  const values = Object.entries(properties as JsonObject).map(
    ([name, each]) => [name, draw(each as JsonObject)] as const,
  );
  const drawn = values.filter(([, [first]]) => first !== undefined);
  const full = Object.fromEntries(drawn.map(([name, [first]]) => [name, first!]));
  const varied = drawn.flatMap(([name, [, ...others]]) => others.map((other) => ({ ...full, [name]: other })));
  const bare = Object.fromEntries(Object.entries(full).filter(([name]) => (required as string[]).includes(name)));
  return [full, ...varied, bare];
}
