/** Writes the output of commands: results to stdout, as text or JSON; messages to stderr. */
import type { Json } from '../../values/json.ts';
import { formatDuration, escapeControls } from '../../observe/format.ts';
import type { Cli, OutputStream } from '../cli.ts';

/** Writes a JSON document: indented on a terminal, on one line in a pipe, so that each line is a record. */
export function writeJson(out: OutputStream, value: unknown): void {
  out.write(`${JSON.stringify(value, null, out.isTTY ? 2 : undefined)}\n`);
}

/** Writes a result for a person: text as it is, on a terminal also an object of texts as texts, and anything else as JSON. */
export function writeOutput(out: OutputStream, value: Json): void {
  const text =
    typeof value === 'string' ? value : out.isTTY && isTexts(value) ? Object.values(value).join('\n\n') : undefined;
  if (text === undefined) out.write(`${JSON.stringify(value, null, 2)}\n`);
  // On a terminal the text must not move the cursor.
  else out.write(`${out.isTTY ? text.split('\n').map(escapeControls).join('\n') : text}\n`);
}

/** An object of texts only, one of which has several lines, such as an article. */
const isTexts = (value: Json): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((text) => typeof text === 'string') &&
  Object.values(value).some((text) => typeof text === 'string' && text.includes('\n'));

/** A text of a program as one line for a person: without the lines of a stack, and without what would move the cursor. */
export const oneLine = (text: string): string =>
  escapeControls(
    text
      .replace(/\n\s+at .*/g, '')
      .replace(/\s*\n\s*/g, ' ')
      .trim(),
  );

/** Writes a message to stderr. */
export const writeMessage = ({ err }: Pick<Cli, 'err'>, text: string): void => void err.write(`${text}\n`);

/** Writes a table with columns as wide as their content; control characters in it are shown as escapes. */
export function writeTable(out: OutputStream, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const safe = rows.map((row) => row.map(escapeControls));
  const widths = heads.map((head, i) => Math.max(head.length, ...safe.map((row) => row[i]?.length ?? 0)));
  for (const row of [heads, ...safe]) {
    out.write(`${row.map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i] ?? 0))).join('  ')}\n`);
  }
}

/** How long ago it was, such as `3m 20s ago`; both in milliseconds since the epoch. */
export const formatAge = (now: number, then: number): string => `${formatDuration(now - then)} ago`;
/** A time as `2026-01-31 12:00:00Z`, in UTC wherever the process is; milliseconds since the epoch. */
export const formatTime = (at: number): string => `${new Date(at).toISOString().replace('T', ' ').slice(0, 19)}Z`;
