/** Reads a JSON file that a user wrote, with the position of each value for messages with file:line:column. */
import { errorMessage } from '../values/cause.ts';
import { resolve } from 'node:path';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';
import { readTextFile } from './textFile.ts';

/** A JSON file and the positions of its values. */
export interface JsonFile {
  /** Its absolute path. */
  readonly file: string;
  readonly value: unknown;
  /** `file:line:column` of a value; that of the nearest container when the value is missing. */
  locationOf(path: readonly (string | number)[]): string;
}

/** Reads a file. Throws `UsageError` when it cannot be read or is not JSON. */
export async function readJsonFile({ cwd }: Pick<Cli, 'cwd'>, path: string): Promise<JsonFile> {
  const file = resolve(cwd, path);
  const text = await readTextFile(file, `There is no file ${path} that can be read (looked for ${file})`);
  const location = (offset: number) => `${file}:${lineOf(text, offset)}`;
  try {
    const value: unknown = JSON.parse(text);
    const offsets = offsetsIn(text);
    return { file, value, locationOf: (where) => location(offsetOf(offsets, where)) };
  } catch (cause) {
    const message = errorMessage(cause);
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    const [reason] = message.split(/ in JSON| \(line|, "| at position/);
    throw new UsageError(`${location(position === undefined ? text.length : Number(position))}: not JSON: ${reason}.`, {
      cause,
    });
  }
}

function lineOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

const keyOf = (path: readonly (string | number)[]): string => JSON.stringify(path);

function offsetOf(offsets: ReadonlyMap<string, number>, path: readonly (string | number)[]): number {
  return offsets.get(keyOf(path)) ?? (path.length === 0 ? 0 : offsetOf(offsets, path.slice(0, -1)));
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The offset of each value in a JSON text, by its path. The text is valid JSON. */
function offsetsIn(text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  /** The path of the present token: the index in each array around it, and in each object the key that was read last, or undefined before a key. */
  const around: (number | string | undefined)[] = [];
  for (const { 0: word, index } of text.matchAll(token)) {
    if (word === '}' || word === ']') around.pop();
    else if (word === ',') around.push(after(around.pop()));
    else if (word !== ':') {
      const isKey = around.length > 0 && around.at(-1) === undefined;
      if (isKey) around[around.length - 1] = String(JSON.parse(word));
      else offsets.set(keyOf(around.filter((key) => key !== undefined)), index);
      if (word === '{') around.push(undefined);
      if (word === '[') around.push(0);
    }
  }
  return offsets;
}

/** After a comma: the next index of an array, or the next key of an object, which is not known yet. */
const after = (key: number | string | undefined) => (typeof key === 'number' ? key + 1 : undefined);
