/** Names of tools as every provider of models takes them. */
import { fnv1a } from '../values/fnv1a.ts';

/** Providers take at most 64 of A-Z a-z 0-9 _ -; one of them wants a letter or "_" first. */
const portable = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** Can a tool be offered to every provider under this name? Clients look names up in plain objects, which have `constructor` and others already. */
export const isPortableName = (name: string): boolean => portable.test(name) && !(name in Object.prototype);

/**
 * The name under which a tool is offered, and under which a call of it is shown again: the name itself where every provider takes it. Another one
 * gets a hash of the whole, so that different names stay different. The same name always gives the same one.
 */
export function portableName(name: string): string {
  if (isPortableName(name)) return name;
  const known = made.get(name);
  if (known !== undefined) return known;
  const letters = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^[^A-Za-z]+|_+$/g, '');
  const result = `${letters.slice(0, 51) || 'tool'}_${fnv1a(name).slice(0, 12)}`;
  if (made.size > 10_000) made.clear();
  made.set(name, result);
  return result;
}

/** Models invent few names and repeat them. */
const made = new Map<string, string>();
