/** Names of tools: which are allowed, what a model sees, and suggestions for unknown names. */
import { createHash } from 'node:crypto';
import { editDistance } from '../values/editDistance.ts';

const reserved = new Set(['__proto__', 'constructor', 'prototype']);

/** The rule for names of tools. */
export const toolNameRule = '1 to 64 of A-Z a-z 0-9 _ . -, and not __proto__, constructor or prototype';
/** Is it a valid name of a tool? */
export const isToolName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(name) && !reserved.has(name);

/** The most characters of a name that a server gives a tool: the protocol allows 128, and servers do not keep to it. */
const longestForeignName = 1_024;
/** Can a tool of a server be offered under a name that is made from this one? */
export const isForeignToolName = (name: unknown): name is string =>
  typeof name === 'string' && name !== '' && name.length <= longestForeignName;

/** The rule for names of sources; short, so that the names of their tools stay readable. */
export const sourceNameRule = '1 to 32 of A-Z a-z 0-9 _ -, starting with a letter or digit';
/** Is it a valid name of a source? */
export const isSourceName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name) && !reserved.has(name);

/** The source of a user's own functions, whose tools have no prefix. */
export const localSource = 'local';

/**
 * The name of a tool for models. Providers take only `[A-Za-z0-9_-]{1,64}`, so a server's tool is always `server__tool`: if names
 * changed when a server is added, transcripts and approvals would break. A name that is too long, or has other characters than those and dots,
 * ends in a hash of the whole.
 */
export function modelName(source: string, tool: string): string {
  const name = fullName(source, tool);
  return name.length <= 64 && !illegal.test(name) ? name : hashedName(source, tool);
}

/** The same with a hash of source and tool at its end: for names that are too long, or taken. */
export function hashedName(source: string, tool: string): string {
  const hash = createHash('sha256').update(`${source}\n${tool}`).digest('hex').slice(0, 8);
  return `${fullName(source, tool).slice(0, 55).replace(everyIllegal, '_')}_${hash}`;
}

const illegal = /[^A-Za-z0-9_-]/;
const everyIllegal = /[^A-Za-z0-9_-]/g;

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

/** The edit distance of two names; 0 when they differ only in the server's prefix, or in a slash after it. */
function distance(wanted: string, known: string): number {
  if (known.endsWith(`__${wanted}`) || known.replace('__', '/') === wanted) return 0;
  return editDistance(wanted, known);
}
