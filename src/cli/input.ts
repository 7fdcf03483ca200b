/** The input of a run, from `--input` and `--set`. */
import { errorMessage } from '../values/cause.ts';
import { resolve } from 'node:path';
import { inexactIntegersIn } from '../values/exactNumbers.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';
import { readTextFile } from './textFile.ts';

/** What the command line gives a run. */
export interface GivenInput {
  /** undefined without `--input` and `--set`. */
  readonly input: Json | undefined;
  /** What the function of a file is called with: the properties of the input, or only those of `--set` when the input is no object. */
  readonly settings: JsonObject;
}

/** `--input` is JSON, plain text, `@file`, or `-` for stdin; each `--set key=value` puts a property into an input that is an object. Throws `UsageError`. */
export async function readRunInput(
  cli: Pick<Cli, 'cwd' | 'readAll'>,
  inputOption: string | undefined,
  sets: readonly string[],
): Promise<GivenInput> {
  const input = inputOption === undefined ? undefined : parseInput(await textOf(cli, inputOption));
  const set = Object.fromEntries(sets.map(parseSetting));
  if (input !== undefined && !isJsonObject(input)) return { input, settings: set };
  const merged = { ...input, ...set };
  return { input: input === undefined && sets.length === 0 ? undefined : merged, settings: merged };
}

async function textOf({ cwd, readAll }: Pick<Cli, 'cwd' | 'readAll'>, given: string): Promise<string> {
  if (given === '-') return readAll();
  if (!given.startsWith('@')) return given;
  const path = resolve(cwd, given.slice(1));
  return readTextFile(path, `--input @FILE reads a file; ${path} cannot be read`);
}

/** Text that starts like an object, an array or a string must be JSON; anything else may be plain text. */
function parseInput(text: string): Json {
  const looksLikeJson = /^\s*[{["]/.test(text);
  try {
    const value = parseJson(text);
    if (!looksLikeJson && typeof value === 'object') return text;
    requireDigits(text);
    return value;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    if (!looksLikeJson) return text;
    throw new UsageError(
      `--input looks like JSON but is not: ${errorMessage(cause)}. Quote it for the shell: --input '{"topic":"actors"}'.`,
      { cause },
    );
  }
}

/** An integer that would be another one after it was read is refused. */
function requireDigits(text: string): void {
  const [first] = inexactIntegersIn(text);
  if (first === undefined) return;
  throw new UsageError(
    `--input has the number ${first.slice(0, 60)}, which has more digits than a number keeps. Write it as a text: "${first.slice(0, 60)}".`,
  );
}

function parseSetting(text: string): [string, Json] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--set expects key=value; got "${text}".`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), parseJson(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}

/** `JSON.parse`, typed as what it returns. Throws `SyntaxError`. */
export const parseJson = (text: string): Json => JSON.parse(text) as Json;
