/** Names of tools: which are allowed, what a model calls them, and which one was probably meant. */
import { createHash } from 'node:crypto';

const reserved = new Set(['__proto__', 'constructor', 'prototype']);

/** What a tool may be called by whoever makes it. */
export const toolNameRule = '1 to 64 of A-Z a-z 0-9 _ . -, and not __proto__, constructor or prototype';
export const isToolName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(name) && !reserved.has(name);

/** What a source of tools may be called; short, so that its tools' names stay readable. */
export const sourceNameRule = '1 to 32 of A-Z a-z 0-9 _ -, starting with a letter or digit';
export const isSourceName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name) && !reserved.has(name);

/** The source whose tools keep their bare names: our own functions. */
export const localSource = 'local';

/**
 * What a model calls a tool. Providers take only `[A-Za-z0-9_-]{1,64}`, so a server's tool is `server__tool`, always: a name
 * that changed when another server joined would break transcripts and approvals. What is too long ends in a hash of the whole.
 */
export function modelName(source: string, tool: string): string {
  const name = fullName(source, tool);
  return name.length <= 64 ? name : hashedName(source, tool);
}

/** The same with a hash of source and tool at its end: for names that are too long, or taken. */
export function hashedName(source: string, tool: string): string {
  const hash = createHash('sha256').update(`${source}\n${tool}`).digest('hex').slice(0, 8);
  return `${fullName(source, tool).slice(0, 55)}_${hash}`;
}

const fullName = (source: string, tool: string) =>
  (source === localSource ? tool : `${source}__${tool}`).replaceAll('.', '_');

/** The end of a message about an unknown name: ` Did you mean "a" or "b"?`, or what there is. */
export function didYouMean(name: string, known: readonly string[]): string {
  if (known.length === 0) return ' There are no tools.';
  const wanted = name.slice(0, 80).toLowerCase();
  const near = known
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate.toLowerCase()) }))
    .filter((match) => match.distance <= Math.max(2, match.candidate.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => `"${candidate}"`);
  if (near.length > 0) return ` Did you mean ${near.join(' or ')}?`;
  const rest = known.length > 20 ? ` and ${known.length - 20} more` : '';
  return ` The tools are: ${known.slice(0, 20).join(', ')}${rest}.`;
}

/** Edits between two names; none when the one is the other with its server left out or set off with a slash. */
function distance(wanted: string, known: string): number {
  if (known.endsWith(`__${wanted}`) || known.replace('__', '/') === wanted) return 0;
  let row = Array.from({ length: known.length + 1 }, (_, i) => i);
  for (let i = 0; i < wanted.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < known.length; j++) {
      const replaced = row[j]! + (wanted[i] === known[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
