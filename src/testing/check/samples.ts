/** Makes up bodies that fit a JSON Schema: one for each alternative it names, the plainest first. */
import { TroupeError } from '../../contracts/failure.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';

/** Alternatives of one value that are tried. */
const most = 6;

/** Bodies that fit, checked by `parse`; never none. Throws `definition` when nothing that was made up fits. */
export function bodiesOf(what: string, schema: Json, parse: (body: Json) => Json): Json[] {
  const problems: string[] = [];
  const bodies = valuesOf(schema as JsonObject).flatMap((value) => {
    try {
      return [parse(value)];
    } catch (thrown) {
      problems.push((thrown as Error).message);
      return [];
    }
  });
  if (bodies.length > 0) return bodies;
  throw new TroupeError(
    'definition',
    `No body could be made up for "${what}" (${problems[0] ?? 'its schema allows nothing'}). Give some: check(…, { samples: { ${JSON.stringify(what)}: [ … ] } }).`,
  );
}

export function valuesOf(schema: JsonObject): Json[] {
  const { const: only, enum: choices, anyOf, oneOf, allOf, type, default: preset } = schema;
  if (only !== undefined) return [only];
  if (Array.isArray(choices)) return (choices as Json[]).slice(0, most);
  const alternatives = (anyOf ?? oneOf) as readonly JsonObject[] | undefined;
  if (alternatives) return alternatives.flatMap((each) => valuesOf(each).slice(0, 2)).slice(0, most);
  if (Array.isArray(allOf))
    return valuesOf(Object.assign({}, schema, { allOf: undefined }, ...(allOf as object[])) as JsonObject);
  if (preset !== undefined) return [preset];
  switch (Array.isArray(type) ? (type as Json[])[0] : type) {
    case 'boolean':
      return [true, false];
    case 'integer':
    case 'number':
      return [numberOf(schema)];
    case 'string':
      return [textOf(schema)];
    case 'array':
      return [arrayOf(schema)];
    case 'object':
      return objectsOf(schema);
    default:
      return [null];
  }
}

function numberOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonObject): number {
  if (typeof minimum === 'number' && minimum > -Number.MAX_SAFE_INTEGER) return minimum;
  if (typeof exclusiveMinimum === 'number') return exclusiveMinimum + 1;
  if (typeof maximum === 'number' && maximum < 1) return maximum;
  return typeof exclusiveMaximum === 'number' && exclusiveMaximum <= 1 ? exclusiveMaximum - 1 : 1;
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
  const known = formats[format as string];
  if (known !== undefined) return known;
  return 'text'.padEnd(Number(minLength), 'x').slice(0, Number(maxLength));
}

function arrayOf({ items, prefixItems, minItems }: JsonObject): Json[] {
  if (Array.isArray(prefixItems)) return (prefixItems as JsonObject[]).map((each) => valuesOf(each)[0] ?? null);
  const [item = null] = items === undefined ? [] : valuesOf(items as JsonObject);
  return Array.from({ length: Math.max(1, Number(minItems ?? 1)) }, () => item);
}

/** What must be there in each of its alternatives, one property at a time; what may be there is left out. */
function objectsOf({ properties = {}, required = [] }: JsonObject): Json[] {
  const known = properties as Readonly<Record<string, JsonObject>>;
  const needed = (required as readonly string[]).map((name) => [name, valuesOf(known[name] ?? {})] as const);
  const plain = Object.fromEntries(needed.map(([name, [first = null]]) => [name, first]));
  const others = needed.flatMap(([name, [, ...rest]]) => rest.map((value) => ({ ...plain, [name]: value })));
  return [plain, ...others].slice(0, most);
}
