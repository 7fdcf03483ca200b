/**
 * The version of a definition: a hash of everything that it consists of, by which nodes tell apart what they offer under one name. It changes with instructions,
 * models, limits, tools and their schemas, members, routes, guardrails and charts, and with the text of the functions in them. What these functions import is not
 * seen, and their text is the one that Node was given: a file that was compiled in another way may have another version.
 */
import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { jsonSchema } from '../contracts/protocol.ts';
import { isMachine } from '../core/validateActors.ts';
import { partsOf } from '../define/madeFrom.ts';
import type { Runnable } from '../define/runnable.ts';

type Described = string | number | boolean | null | undefined | Described[] | { [name: string]: Described };
type Fields = Readonly<Record<string, unknown>>;

const versions = new WeakMap<Runnable, string>();

/** 16 hexadecimal digits; the same for equal definitions, in whatever process. */
export function definitionVersion(subject: Runnable): string {
  const known = versions.get(subject);
  if (known !== undefined) return known;
  const text = JSON.stringify(description()(subject));
  const version = createHash('sha256').update(text).digest('hex').slice(0, 16);
  versions.set(subject, version);
  return version;
}

/** Describes a value as JSON. What comes a second time is named by its number. */
function description(): (value: unknown) => Described {
  const seen = new Map<object, number>();

  const describe = (value: unknown): Described => {
    if (typeof value === 'function') return { function: textOf(value), ...madeFrom(value) };
    if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
    // The rest are the types of JSON.
    if (typeof value !== 'object' || value === null) return value as Described;
    const before = seen.get(value);
    if (before !== undefined) return { seen: before };
    seen.set(value, seen.size);
    if (value instanceof RegExp || value instanceof Date) return String(value);
    if (value instanceof Map || value instanceof Set) return [...value].map(describe);
    if (Array.isArray(value)) return value.map(describe);
    // An object without a class of ours: its fields are looked at by name.
    return describeObject(value as Fields);
  };

  const madeFrom = (value: object): { [name: string]: Described } => {
    const parts = partsOf(value);
    return parts.length === 0 ? {} : { madeFrom: parts.map(describe) };
  };

  const describeObject = (value: Fields): Described => {
    const { kind, stream, id, hash, messages, list, call, name } = value;
    if ('_zod' in value) return schemaOf(value);
    if (isMachine(value)) return describeFields({ config: value.config, ...value.implementations });
    if (typeof stream === 'function' && typeof id === 'string') return { model: id };
    if (typeof hash === 'string' && typeof messages === 'object') return { protocol: hash };
    if (typeof list === 'function' && typeof call === 'function') return { source: describe(name) };
    if (kind === 'machine') return describeMachine(value as unknown as Extract<Runnable, { kind: 'machine' }>);
    if (kind === 'workflow' && 'compile' in value)
      return describeWorkflow(value as unknown as Extract<Runnable, { kind: 'workflow' }>);
    // A step of a workflow may have this kind, too.
    if (kind === 'agent' && typeof value['definition'] === 'function')
      return describeAgent(value as unknown as Extract<Runnable, { kind: 'agent' }>);
    return { ...describeFields(value), ...madeFrom(value) };
  };

  const describeFields = (value: Fields): { [name: string]: Described } =>
    Object.fromEntries(
      Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, field]) => [name, describe(field)]),
    );

  const describeMachine = ({ type }: Extract<Runnable, { kind: 'machine' }>): Described => {
    const { hash, chart, sha256: _, child: __, ...options } = type;
    return { hash, machine: describe(chart.machine), options: describeFields(options) };
  };

  const describeAgent = (agent: Extract<Runnable, { kind: 'agent' }>): Described => {
    const { definition, handles, ...fields } = agent;
    const byMessage = ['', ...handles].map((message) => [message, describe(definition(message))]);
    return { ...describeFields(fields), handles: [...handles], definitions: byMessage };
  };

  /** What its files say; not where they are, nor the values of variables. */
  const describeWorkflow = ({ name, definition }: Extract<Runnable, { kind: 'workflow' }>): Described => {
    const text = JSON.stringify(definition, (key, field: unknown) =>
      key === 'environment' || (key === 'file' && typeof field === 'string') ? undefined : field,
    );
    return { workflow: name, definition: describe(JSON.parse(text)) };
  };

  return describe;
}

/** White space counts for nothing: where types were taken out of a file, some is left in their place. */
const textOf = (value: object): string => Function.prototype.toString.call(value).replaceAll(/\s+/g, '');

function schemaOf(schema: object): Described {
  try {
    // Whatever has `_zod` is a schema of zod.
    return { schema: JSON.stringify(jsonSchema(schema as z.ZodType)) };
  } catch {
    return { schema: 'none' }; // It has no JSON Schema, such as one with a transformation.
  }
}
