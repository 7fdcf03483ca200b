/** A JSON file that a user wrote, and where each of its values stands: for messages with file:line:column. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

export interface JsonFile {
  readonly file: string;
  readonly value: unknown;
  /** `file:line:column` of a value; of the nearest around it when it is not there. */
  at(path: readonly (string | number)[]): string;
}

/** Throws UsageError for a file that cannot be read or is not JSON. */
export async function jsonFile({ cwd }: Pick<Cli, 'cwd'>, path: string): Promise<JsonFile> {
  const file = resolve(cwd, path);
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`There is no file ${path} that can be read (looked for ${file}): ${cause.message}.`, {
      cause,
    });
  });
  const place = (offset: number) => `${file}:${lineOf(text, offset)}`;
  try {
    const value: unknown = JSON.parse(text);
    const offsets = offsetsIn(text);
    return { file, value, at: (where) => place(offsetOf(offsets, where)) };
  } catch (cause) {
    const { message } = cause as Error;
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    const [words] = message.split(/ in JSON| \(line|, "| at position/);
    throw new UsageError(`${place(position === undefined ? text.length : Number(position))}: not JSON: ${words}.`, {
      cause,
    });
  }
}

function lineOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

const keyOf = (path: readonly (string | number)[]): string => JSON.stringify(path);

function offsetOf(offsets: ReadonlyMap<string, number>, path: readonly (string | number)[]): number {
  return offsets.get(keyOf(path)) ?? (path.length === 0 ? 0 : offsetOf(offsets, path.slice(0, -1)));
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Where each value of a JSON text begins, by its path. The text is known to be JSON. */
function offsetsIn(text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  /** The containers around the present place: in a list the next index, in an object the key that was read last. */
  const around: (number | string | undefined)[] = [];
  for (const { 0: word, index } of text.matchAll(token)) {
    if (word === '}' || word === ']') around.pop();
    else if (word === ',') around.push(after(around.pop()));
    else if (word !== ':') {
      const isKey = around.length > 0 && around.at(-1) === undefined;
      if (isKey) around[around.length - 1] = JSON.parse(word) as string;
      else offsets.set(keyOf(around as (string | number)[]), index);
      if (word === '{') around.push(undefined);
      if (word === '[') around.push(0);
    }
  }
  return offsets;
}

/** After a comma: the next index, or the next key. */
const after = (place: number | string | undefined) => (typeof place === 'number' ? place + 1 : undefined);
