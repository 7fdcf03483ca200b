/** What goes into a run, from `--input` and `--set`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

/** `--input` is JSON, plain text, `@file`, or `-` for stdin; each `--set key=value` puts a property into it. Undefined when nothing was given. */
export async function inputFrom(
  cli: Pick<Cli, 'cwd' | 'readAll'>,
  given: string | undefined,
  sets: readonly string[],
): Promise<Json | undefined> {
  const input = given === undefined ? undefined : read(await textOf(cli, given));
  if (sets.length === 0) return input;
  if (input !== undefined && (typeof input !== 'object' || input === null || Array.isArray(input))) {
    throw new UsageError(
      `--set puts a property into the input, so --input must be a JSON object; it is ${JSON.stringify(input)}.`,
    );
  }
  return Object.fromEntries([...Object.entries((input ?? {}) as JsonObject), ...sets.map(pair)]);
}

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
