/** Names of things. An id can be a subject token, a file name and a column at once. */
import * as z from 'zod';
import { TroupeError } from './failure.ts';

/** Lower-case letters, digits and `. _ -`, starting with a letter or digit, up to 200 characters. */
const token = '[a-z0-9][a-z0-9._-]{0,199}';
const reserved = new Set(['__proto__', 'constructor', 'prototype']);

/** An id: up to 200 lower-case letters, digits and `. _ -`, starting with a letter or a digit. */
export const Id = z
  .string()
  .regex(new RegExp(`^${token}$`))
  .refine((id) => !reserved.has(id));
export type Id = string;

/** The address of an actor: `type/key`, such as `agent/r1k3.researcher`. */
export const Address = z.string().regex(new RegExp(`^${token}/${token}$`));
export type Address = string;

/** The actor types of the runtime itself; agents, members and machines of users may not have these names. */
export const reservedTypes: ReadonlySet<string> = new Set([
  'agent',
  'run',
  'tool-call',
  'treasurer',
  'wait',
  'router',
  'workflow',
  'flow',
]);

/** The type of an actor, the part of its address before the slash. */
export const actorTypeOf = (address: Address): string => address.slice(0, address.indexOf('/'));
/** The key of an actor, the part of its address after the slash. */
export const actorKeyOf = (address: Address): string => address.slice(address.indexOf('/') + 1);

/** Checks an id that a person or another program gave. */
export function requireId(what: string, id: string): Id {
  if (Id.safeParse(id).success) return id;
  throw new TroupeError(
    'invalid',
    `${what} must be an id (a-z, 0-9, ". _ -", starting with a letter or digit, at most 200); got ${JSON.stringify(id)}.`,
  );
}

/** The longest id that is made from a name: addresses and keys are made of several. */
const longestSlug = 64;
const ownSlug = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${longestSlug - 1}}$`);

/**
 * An id made from a name: `My Agent` becomes `my-agent`, and `Zoë` becomes `zoe`. Case, accents, spaces and punctuation may change.
 * Throws `invalid` for a name that would lose more: two names must not become one in silence, and a person must find the actor again.
 */
export function slug(name: string): Id {
  const { id, problem } = slugOf(name);
  if (problem === undefined) return id;
  const shown = JSON.stringify(name.length > 80 ? `${Array.from(name).slice(0, 80).join('')}…` : name);
  throw new TroupeError(
    'invalid',
    `The name ${shown} cannot be used: ${problem}. Names become ids of a-z, 0-9 and ". _ -", such as "my-agent".`,
  );
}

/** The id of a name, and why the name cannot become one, as the end of a sentence; undefined when it can. */
export function slugOf(name: string): { readonly id: Id; readonly problem: string | undefined } {
  // Most names are ids already.
  if (ownSlug.test(name) && !reserved.has(name)) return { id: name, problem: undefined };
  const letters = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
  const lost = /(?![a-z0-9])[\p{L}\p{N}\p{So}]/u.exec(letters)?.[0];
  const id = letters.replace(/[^a-z0-9._-]+/g, '-').replace(/^-+/, '');
  const problem =
    lost !== undefined
      ? `"${lost}" cannot be part of an id`
      : reserved.has(id)
        ? 'it is a name that the runtime uses itself, and JavaScript itself uses it'
        : !/^[a-z0-9]/.test(id)
          ? 'it does not start with a letter or a digit'
          : id.length > longestSlug
            ? `it has ${id.length} characters, and at most ${longestSlug} are kept`
            : undefined;
  return { id, problem };
}
