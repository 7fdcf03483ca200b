/** Names in the JSON of orchestrators and their counterparts in code: snake_case in JSON, camelCase in code. */
import * as z from 'zod';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { RetryCondition } from '../contracts/task.ts';
import { TaskErrorKind } from '../contracts/taskResult.ts';
import { guardrailStages } from '../contracts/work.ts';

/** `deadlineExceeded` becomes `deadline_exceeded`. */
export const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Names of routers have hyphens in JSON: `roundRobin` becomes `round-robin`. */
export const routerNames = {
  schema: z.string().transform((wire) => wire.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())),
  write: (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
};

/** A fixed set of names, translated in both directions. Any other name is refused, with a list of those there are. */
function namesOf<const W extends string>(names: readonly W[], write: (name: W) => string) {
  const toName = new Map(names.map((name) => [write(name), name]));
  const wires = [...toName.keys()];
  const error = `expected ${wires.join(', ')}`;
  return {
    /** Reads the name in JSON, and gives the one in code. */
    schema: z.enum(wires, { error }).transform((wire, { addIssue }) => {
      const name = toName.get(wire);
      if (name !== undefined) return name;
      addIssue(error);
      return z.NEVER;
    }),
    /** The name in JSON. */
    write,
  };
}

/** When a failed attempt is repeated. */
export const retryConditions = namesOf(RetryCondition.options, toSnakeCase);
/** Kinds of task errors. */
export const errorKinds = namesOf(TaskErrorKind.options, toSnakeCase);
/** Stages of guardrails: `pre` becomes `pre_check`. */
export const guardrailStageNames = namesOf(guardrailStages, (stage) => `${stage}_check`);

/** Reads a value by its schema. Throws `invalid` with every field that does not fit. */
export function readWith<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TroupeError('invalid', `${what} cannot be read: ${describeMismatch(parsed.error, value)}.`);
}

/** A field that may be missing or null; both mean that it is not given. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

/** The object without the fields that are undefined. */
export const withoutUndefined = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

/** The same for JSON. */
export const jsonWithoutUndefined = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
