/** Says what does not fit a schema so that a model or a person can correct it: where, what was expected, what came. */
import type * as z from 'zod';
import { errorMessage } from './cause.ts';
import { TroupeError } from './failure.ts';
import { unknownNames } from './options.ts';
import { cutText } from './text.ts';

const maxIssues = 5;

/** `at "query": expected string, came number 42; at "limit": Too small: expected number to be >=1, came number 0` */
export function describeMismatch(error: z.ZodError, value: unknown): string {
  const lines = error.issues.slice(0, maxIssues).map(({ path, message }) => {
    const where = path
      .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i ? '.' : ''}${String(part)}`))
      .join('');
    const expected = message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
    return `${where ? `at "${cutText(where, 120)}"` : 'at the top'}: ${expected}, came ${describeValue(path.reduce(propertyAt, value))}`;
  });
  const more = error.issues.length - lines.length;
  return lines.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

const propertyAt = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;

/** Kinds and sizes, not contents: what came may be a secret. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const keys = Object.keys(value).map((key) => cutText(key, 40));
  if (keys.length === 0) return 'an object with no keys';
  return `an object with the keys ${keys.slice(0, 8).join(', ')}${keys.length > 8 ? ', …' : ''}`;
}

/** What came instead of a schema of zod 4. */
export const describeNoSchema = (value: unknown): string =>
  typeof value === 'object' && value !== null && '_def' in value
    ? "a schema of zod 3. Make it with zod 4: npm install zod@4; in zod 3.25, import { z } from 'zod/v4'"
    : describeValue(value);

/** Why a schema cannot be written as JSON Schema. Where a part is of zod 3, zod 4 reads what is not there: `reading 'def'`. */
export const describeSchemaError = (cause: unknown): string =>
  cause instanceof TypeError && /\b(?:def|_zod)\b/.test(cause.message)
    ? 'a part of it is no schema of zod 4, but for example one of zod 3'
    : errorMessage(cause);

/** Parses a value that a person wrote, and returns the output of the schema. Throws `definition` with every place that is wrong. */
export function parseDefinition<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const unknown = unknownOptions(schema, parsed.error);
  throw new TroupeError('definition', `${what} cannot be used: ${describeMismatch(parsed.error, value)}.${unknown}`);
}

/** ` It has no option "efect"; did you mean "effect"?` for each object with names that the schema does not have. */
export const unknownOptions = (schema: z.ZodType, { issues }: z.ZodError): string =>
  issues
    .flatMap((issue) => {
      const known = issue.code === 'unrecognized_keys' ? namesAt(schema, issue.path) : undefined;
      const problem = known && issue.code === 'unrecognized_keys' && unknownNames([...issue.keys], known);
      if (!problem) return [];
      return ` ${issue.path.length === 0 ? 'It' : issue.path.map(String).join('.')} ${problem}${problem.endsWith('?') ? '' : '.'}`;
    })
    .join('');

/** The names that an object in a schema may have; undefined where there is no object. */
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] | undefined {
  const { def, shape } = schema as {
    def?: { innerType?: z.ZodType; in?: z.ZodType };
    shape?: Readonly<Record<PropertyKey, z.ZodType>>;
  };
  const inside = def?.innerType ?? def?.in;
  if (inside) return namesAt(inside, path);
  if (!shape) return undefined;
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(shape);
  const inner = shape[first];
  return inner && namesAt(inner, rest);
}

/** ` "name"` of a value that may have one, for messages. */
export const quotedName = (options: unknown): string => {
  const { name } = (options ?? {}) as { name?: unknown };
  return typeof name === 'string' && name !== '' ? ` "${cutText(name, 80)}"` : '';
};
