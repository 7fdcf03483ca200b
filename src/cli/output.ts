/** Puts results and messages where they belong: values for people or as JSON on stdout, everything else on stderr. */
import type { Json } from '../contracts/json.ts';
import { durationWords, visible } from '../observe/words.ts';
import type { Cli, Writer } from './cli.ts';

/** One JSON document, on one line in a pipe so that lines stay records. */
export function writeJson(out: Writer, value: unknown): void {
  out.write(`${JSON.stringify(value, null, out.isTTY ? 2 : undefined)}\n`);
}

/** A result for a person: text as it is, and on a terminal the texts in an object as texts; anything else as JSON. */
export function writeResult(out: Writer, value: Json): void {
  const text =
    typeof value === 'string' ? value : out.isTTY && isTexts(value) ? Object.values(value).join('\n\n') : undefined;
  if (text === undefined) out.write(`${JSON.stringify(value, null, 2)}\n`);
  // On a terminal no text can move the cursor.
  else out.write(`${out.isTTY ? text.split('\n').map(visible).join('\n') : text}\n`);
}

/** An article, say: nothing but texts, one of which has lines. */
const isTexts = (value: Json): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((text) => typeof text === 'string') &&
  Object.values(value).some((text) => typeof text === 'string' && text.includes('\n'));

export const say = ({ err }: Pick<Cli, 'err'>, text: string): void => void err.write(`${text}\n`);

/** Columns as wide as what is in them; what came from outside is made safe to show. */
export function writeTable(out: Writer, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const safe = rows.map((row) => row.map(visible));
  const widths = heads.map((head, i) => Math.max(head.length, ...safe.map((row) => row[i]!.length)));
  for (const row of [heads, ...safe]) {
    out.write(`${row.map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i]!))).join('  ')}\n`);
  }
}

export const ago = (now: number, then: number): string => `${durationWords(now - then)} ago`;
export const moment = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 19);
