/** Puts results and messages where they belong: values for people or as JSON on stdout, everything else on stderr. */
import type { Json } from '../contracts/json.ts';
import { durationWords, visible } from '../observe/words.ts';
import type { Cli, Writer } from './cli.ts';

/** One JSON document, on one line in a pipe so that lines stay records. */
export function writeJson(out: Writer, value: unknown): void {
  out.write(`${JSON.stringify(value, null, out.isTTY ? 2 : undefined)}\n`);
}

/** A result for a person: text as it is, anything else as JSON. On a terminal no text can move the cursor. */
export function writeResult(out: Writer, value: Json): void {
  if (typeof value !== 'string') out.write(`${JSON.stringify(value, null, 2)}\n`);
  else out.write(`${out.isTTY ? value.split('\n').map(visible).join('\n') : value}\n`);
}

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
