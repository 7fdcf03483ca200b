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
export const reservedTypes: ReadonlySet<string> = new Set(['agent', 'run', 'tool-call', 'treasurer', 'wait', 'router']);

/** The type of an actor, the part of its address before the slash. */
export const actorTypeOf = (address: Address): string => address.slice(0, address.indexOf('/'));
/** The key of an actor, the part of its address after the slash. */
export const actorKeyOf = (address: Address): string => address.slice(address.indexOf('/') + 1);

/** Checks an id that a person or another program gave. */
export function requireId(what: string, id: string): Id {
  if (Id.safeParse(id).success) return id;
  throw new TroupeError(
    'invalid',
    `${what} must be an id (a-z, 0-9, ". _ -", starting with a letter or digit); got ${JSON.stringify(id)}.`,
  );
}

/** An id made from any name: `My Agent` becomes `my-agent`. */
export function slug(name: string): Id {
  const id = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  return requireId('A name', id.slice(0, 64));
}
