/** Makes up values that fit a JSON Schema: one for each alternative it names, the simplest first. */
import { TroupeError } from '../../values/failure.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { errorMessage } from '../../values/cause.ts';
import { numbersOf, type NumberSamples } from './numbers.ts';
import { jsonList, jsonObject, jsonObjects } from '../jsonValues.ts';

/** The most alternatives of one value. */
const most = 6;

/** Values that fit, as `parse` returns them; at least one. Throws `definition` when none of the made-up values fits. */
export function bodiesOf(what: string, schema: Json, parse: (body: Json) => Json, numbers: NumberSamples): Json[] {
  const problems: string[] = [];
  const bodies = valuesOf(jsonObject(schema), numbers).flatMap((value) => {
    try {
      return [parse(value)];
    } catch (thrown) {
      problems.push(errorMessage(thrown));
      return [];
    }
  });
  if (bodies.length > 0) return bodies;
  throw new TroupeError(
    'definition',
    `No body could be made up for "${what}" (${problems[0] ?? 'its schema allows nothing'}). Give some: check(…, { samples: { ${JSON.stringify(what)}: [ … ] } }).`,
  );
}

/** Values for a schema, before it is known whether they fit. */
export function valuesOf(schema: JsonObject, numbers: NumberSamples): Json[] {
  const { const: only, enum: choices, anyOf, oneOf, allOf, type, default: preset } = schema;
  if (only !== undefined) return [only];
  const listed = jsonList(choices);
  if (listed) return listed.slice(0, most);
  const alternatives = jsonObjects(anyOf ?? oneOf);
  if (alternatives) return alternatives.flatMap((each) => valuesOf(each, numbers).slice(0, most)).slice(0, 2 * most);
  const parts = jsonObjects(allOf);
  if (parts) {
    const { allOf: _, ...rest } = schema;
    return valuesOf(
      parts.reduce<JsonObject>((whole, part) => ({ ...whole, ...part }), rest),
      numbers,
    );
  }
  if (preset !== undefined) return [preset];
  switch (jsonList(type)?.[0] ?? type) {
    case 'boolean':
      return [true, false];
    case 'integer':
    case 'number':
      return numbersOf(schema, numbers);
    case 'string':
      return [textOf(schema)];
    case 'array':
      return [arrayOf(schema, numbers)];
    case 'object':
      return objectsOf(schema, numbers);
    default:
      return [null];
  }
}

const formats: Readonly<Record<string, string>> = {
  email: 'ada@example.org',
  uri: 'https://example.org/',
  uuid: '00000000-0000-4000-8000-000000000000',
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '12:00:00',
  ipv4: '192.0.2.1',
};

function textOf({ format, minLength = 0, maxLength = Infinity }: JsonObject): string {
  const known = typeof format === 'string' ? formats[format] : undefined;
  if (known !== undefined) return known;
  return 'text'.padEnd(Number(minLength), 'x').slice(0, Number(maxLength));
}

function arrayOf({ items, prefixItems, minItems }: JsonObject, numbers: NumberSamples): Json[] {
  const listed = jsonObjects(prefixItems);
  if (listed) return listed.map((each) => valuesOf(each, numbers)[0] ?? null);
  const [item = null] = items === undefined ? [] : valuesOf(jsonObject(items), numbers);
  return Array.from({ length: Math.max(1, Number(minItems ?? 1)) }, () => item);
}

/** Objects with the required properties: one with the first value of each, then each of their other values in turn. Optional properties are left out. */
function objectsOf({ properties = {}, required = [] }: JsonObject, numbers: NumberSamples): Json[] {
  const known = jsonObject(properties);
  const names = (jsonList(required) ?? []).filter((name) => typeof name === 'string');
  const needed = names.map((name) => [name, valuesOf(jsonObject(known[name]), numbers)] as const);
  const plain = Object.fromEntries(needed.map(([name, [first = null]]) => [name, first]));
  const others = needed.flatMap(([name, [, ...rest]]) => rest.map((value) => ({ ...plain, [name]: value })));
  return [plain, ...others].slice(0, 4 * most);
}
