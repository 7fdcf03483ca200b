/** What goes into a run, from `--input` and `--set`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

export interface Given {
  /** Undefined when nothing was given. */
  readonly input: Json | undefined;
  /** What a file's function is called with: the properties of the input, or beside a text just what was set. */
  readonly settings: JsonObject;
}

/** `--input` is JSON, plain text, `@file`, or `-` for stdin; each `--set key=value` puts a property into an input that is an object. */
export async function inputFrom(
  cli: Pick<Cli, 'cwd' | 'readAll'>,
  given: string | undefined,
  sets: readonly string[],
): Promise<Given> {
  const input = given === undefined ? undefined : read(await textOf(cli, given));
  const set = Object.fromEntries(sets.map(pair));
  if (input !== undefined && !isObject(input)) return { input, settings: set };
  const whole = { ...input, ...set };
  return { input: input === undefined && sets.length === 0 ? undefined : whole, settings: whole };
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function textOf({ cwd, readAll }: Pick<Cli, 'cwd' | 'readAll'>, given: string): Promise<string> {
  if (given === '-') return readAll();
  if (!given.startsWith('@')) return given;
  const path = resolve(cwd, given.slice(1));
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new UsageError(`--input @FILE reads a file; ${path} cannot be read: ${cause.message}.`, { cause });
  });
}

/** Text that sets out to be JSON must be JSON; anything else is text. */
function read(text: string): Json {
  const meant = /^\s*[{["]/.test(text);
  try {
    const value = JSON.parse(text) as Json;
    return meant || typeof value !== 'object' ? value : text;
  } catch (cause) {
    if (!meant) return text;
    throw new UsageError(
      `--input looks like JSON but is not: ${(cause as Error).message}. Quote it for the shell: --input '{"topic":"actors"}'.`,
      { cause },
    );
  }
}

function pair(text: string): [string, Json] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--set expects key=value; got "${text}".`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value) as Json];
  } catch {
    return [text.slice(0, at), value];
  }
}
