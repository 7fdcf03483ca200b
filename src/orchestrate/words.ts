/** The seed's words for what we call otherwise, each with its counterpart: what is written in snake_case on the wire is camelCase in code. */
import * as z from 'zod';
import { explain } from '../contracts/explain.ts';
import { TroupeError } from '../contracts/failure.ts';
import { RetryCondition, TaskErrorKind } from '../contracts/task.ts';
import { stages } from '../contracts/work.ts';

/** `deadlineExceeded` is `deadline_exceeded`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Routers are called by words with hyphens: `roundRobin` is `round-robin`. */
export const routers = {
  schema: z.string().transform((wire) => wire.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())),
  write: (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
};

/** A word of ours as the seed's, both ways; anything else is refused with the words there are. */
function wordsOf<const W extends string>(words: readonly W[], write: (word: W) => string) {
  const toWire = new Map(words.map((word) => [word, write(word)]));
  const toOurs = new Map([...toWire].map(([word, wire]) => [wire, word]));
  return {
    /** The seed's word, which becomes ours. */
    schema: z
      .enum([...toOurs.keys()] as [string, ...string[]], { error: `expected ${[...toOurs.keys()].join(', ')}` })
      .transform((wire) => toOurs.get(wire)!),
    write: (word: W): string => toWire.get(word)!,
  };
}

export const conditions = wordsOf(RetryCondition.options, snake);
export const errorKinds = wordsOf(TaskErrorKind.options, snake);
export const stageWords = wordsOf(stages, (stage) => `${stage}_check`);

/** What came over the wire, as a schema reads it. Throws `invalid` with every place that does not fit. */
export function readWith<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TroupeError('invalid', `${what} cannot be read: ${explain(parsed.error, value)}.`);
}

/** A field that may be missing or null, which is the same on the wire. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

/** Without the fields that are undefined, so that what is not there does not show. */
export const given = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
