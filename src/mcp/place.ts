/** Where a tool server is: a program to start, or an address to call. */
import * as z from 'zod';
import { TroupeError } from '../contracts/failure.ts';
import { explain } from '../contracts/explain.ts';
import { isSourceName, localSource, sourceNameRule } from '../tools/names.ts';

const name = z.string().refine((value) => isSourceName(value) && value !== localSource, {
  error: `expected ${sourceNameRule}, and not "${localSource}"`,
});
const texts = z.record(z.string(), z.string());

const ProgramPlace = z.strictObject({
  name,
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  /** Added to the few variables every program gets (PATH, HOME and the like); nothing else of ours is passed on. */
  env: texts.default({}),
  cwd: z.string().optional(),
});
export type ProgramPlace = z.infer<typeof ProgramPlace>;

const HttpPlace = z.strictObject({
  name,
  url: z.url({ protocol: /^https?$/, error: 'expected an http or https address' }),
  headers: texts.default({}),
});
export type HttpPlace = z.infer<typeof HttpPlace>;

/** A tool server's name, and `command` or `url`. */
export type McpPlace = z.input<typeof ProgramPlace> | z.input<typeof HttpPlace>;

/** @throws TroupeError `definition` that says what is missing. */
export function parsePlace(place: McpPlace): ProgramPlace | HttpPlace {
  const parsed = ('url' in place ? HttpPlace : ProgramPlace).safeParse(place);
  if (parsed.success) return parsed.data;
  throw new TroupeError(
    'definition',
    `A tool server is { name, command, args?, env?, cwd? } or { name, url, headers? }; ${explain(parsed.error, place)}.`,
  );
}

/** What must never be seen in a message: the values of headers and variables, and what an address carries beside its path. */
export function secretsOf(place: ProgramPlace | HttpPlace): readonly string[] {
  if ('command' in place) return long(Object.values(place.env));
  const { username, password, search } = new URL(place.url);
  const values = Object.values(place.headers);
  return long([...values, ...values.flatMap((value) => value.split(/\s+/)), username, password, search]);
}

const long = (values: readonly string[]) => [...new Set(values)].filter((value) => value.length >= 6);

/** For people: the program, or the address without what may be secret in it. */
export function whereabouts(place: ProgramPlace | HttpPlace): string {
  if ('command' in place) return place.command;
  const { origin, pathname } = new URL(place.url);
  return origin + pathname;
}
