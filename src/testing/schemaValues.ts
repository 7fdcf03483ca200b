/** Makes up values for a JSON Schema, the simplest first. How many, and of what kind, the caller decides; whether they fit is not known yet. */
import type { Json, JsonObject } from '../values/json.ts';
import { jsonList, jsonObject, jsonObjects } from './jsonValues.ts';

/** What is made up for a schema. */
export interface ValueStyle {
  /** The most alternatives of one value; of an object four times as many, and of a union twice. */
  readonly most: number;
  /** `varied`: optional properties are there, each with all of its values, and once they are left out. `omitted`: they are left out. */
  readonly optional: 'varied' | 'omitted';
  /** A default is the only value of its schema. */
  readonly defaultOnly: boolean;
  /** The numbers that fit the bounds. */
  numbers(schema: JsonObject): number[];
  /** The texts without a format. */
  texts(schema: JsonObject): readonly string[];
  /** How long the lists are that are made up. */
  lengths(least: number, most: number): readonly number[];
}

/** References may be recursive: deeper than this they are not followed. */
const deepest = 6;

const formats: Readonly<Record<string, string>> = {
  email: 'ada@example.org',
  uuid: '00000000-0000-4000-8000-000000000000',
  uri: 'https://example.org/',
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '12:00:00',
  duration: 'PT1H',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
};

/** Values for a schema. A reference is one to a part of this schema. */
export function schemaValues(root: JsonObject, style: ValueStyle): Json[] {
  const { most } = style;

  function draw(schema: JsonObject, depth: number): Json[] {
    const { $ref, const: constant, enum: members, anyOf, oneOf, allOf, type, default: preset } = schema;
    if (typeof $ref === 'string') return depth > deepest ? [] : draw(resolved($ref), depth + 1);
    if (constant !== undefined) return [constant];
    const listed = jsonList(members);
    if (listed) return listed.slice(0, most);
    const branches = jsonObjects(anyOf ?? oneOf);
    if (branches) return branches.flatMap((branch) => draw(branch, depth + 1).slice(0, most)).slice(0, 2 * most);
    const parts = jsonObjects(allOf);
    if (parts) return draw(together(schema, parts), depth + 1);
    if (style.defaultOnly && preset !== undefined) return [preset];
    switch (jsonList(type)?.[0] ?? type) {
      case 'boolean':
        return [true, false];
      case 'integer':
      case 'number':
        return style.numbers(schema);
      case 'string': {
        const { format } = schema;
        const formatted = typeof format === 'string' ? formats[format] : undefined;
        return formatted === undefined ? [...style.texts(schema)] : [formatted];
      }
      case 'array':
        return lists(schema, (item) => draw(item, depth + 1));
      case 'object':
        return objects(schema, (property) => draw(property, depth + 1)).slice(0, 4 * most);
      default:
        return [null];
    }
  }

  const resolved = (ref: string): JsonObject =>
    ref
      .split('/')
      .slice(1)
      .reduce<JsonObject>((at, name) => jsonObject(at[name]), root);

  /** One schema for what must fit several: all of their properties, and all that they require. */
  function together({ allOf: _, ...rest }: JsonObject, parts: readonly JsonObject[]): JsonObject {
    const all = [rest, ...parts.map((part) => (typeof part['$ref'] === 'string' ? resolved(part['$ref']) : part))];
    const properties = Object.assign({}, ...all.map((each) => jsonObject(each['properties'] ?? {}))) as JsonObject;
    const required = [...new Set(all.flatMap((each) => jsonList(each['required']) ?? []))];
    const whole = all.reduce<JsonObject>((before, each) => ({ ...before, ...each }), {});
    return Object.keys(properties).length === 0 ? whole : { ...whole, properties, required };
  }

  function lists({ items, prefixItems, minItems = 0, maxItems }: JsonObject, drawItem: (item: JsonObject) => Json[]) {
    const listed = jsonObjects(prefixItems);
    if (listed) return [listed.map((item) => drawItem(item)[0] ?? null)];
    const values = items === undefined ? [null] : drawItem(jsonObject(items));
    return style
      .lengths(Number(minItems), Number(maxItems ?? Infinity))
      .map((length): Json[] =>
        Array.from({ length }, (_, index) => values[index % values.length]).filter((value) => value !== undefined),
      );
  }

  /** One object with the first value of each property, then each property's other values one at a time. */
  function objects({ properties = {}, required = [] }: JsonObject, drawProperty: (property: JsonObject) => Json[]) {
    const names = jsonList(required) ?? [];
    const isVaried = style.optional === 'varied';
    const known = jsonObject(properties);
    const unknown = names.flatMap((name) =>
      typeof name === 'string' && known[name] === undefined ? [[name, {}] as const] : [],
    );
    const wanted = [...Object.entries(known).filter(([name]) => isVaried || names.includes(name)), ...unknown];
    const drawn = wanted.flatMap(([name, each]) => {
      const [first, ...others] = drawProperty(jsonObject(each));
      return first === undefined ? [] : [{ name, first, others }];
    });
    const full = Object.fromEntries(drawn.map(({ name, first }) => [name, first]));
    const varied = drawn.flatMap(({ name, others }) => others.map((other) => ({ ...full, [name]: other })));
    const bare = Object.fromEntries(Object.entries(full).filter(([name]) => names.includes(name)));
    return [full, ...varied, ...(isVaried ? [bare] : [])];
  }

  return draw(root, 0);
}
