/** JSON from outside: read strictly, with a limit of its depth and without the names that can change a prototype. */
import type { Json } from '../../../values/json.ts';
import { inexactIntegersIn } from '../../../values/exactNumbers.ts';
import { decodeUtf8 } from '../../../values/utf8.ts';
import { TroupeError } from '../../../values/failure.ts';
import { jsonErrorIn, tooDeepIn } from './jsonSyntax.ts';

/** How deep objects and lists may be inside each other. */
export const deepestJson = 128;

/** Copying an object with one of these as a name can change its prototype. */
export const forbiddenNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads JSON. Throws `invalid` with the place (`data.offset`, in characters) when it is none, nests too deep, or holds what cannot be stored or would lose digits. */
export function jsonFrom(bytes: Uint8Array, what = 'The body'): Json {
  const text = decodeUtf8(bytes, what);
  const deep = tooDeepIn(text, deepestJson);
  if (deep !== undefined)
    throw invalidAt(what, deep, `it nests more than ${deepestJson} objects and lists. Send it flatter`);
  let value: Json;
  try {
    // What JSON.parse returns is JSON.
    value = JSON.parse(text) as Json;
  } catch {
    const offset = jsonErrorIn(text) ?? text.length;
    throw invalidAt(
      what,
      offset,
      offset >= text.length ? 'it ends too early' : 'this character cannot stand here. Send JSON as RFC 8259 has it',
    );
  }
  const problem = problemAt(value, '') ?? lostDigitsIn(text);
  if (problem !== undefined) throw new TroupeError('invalid', `${what} cannot be accepted: ${problem}.`);
  return value;
}

const invalidAt = (what: string, offset: number, why: string) =>
  new TroupeError('invalid', `${what} is not the JSON that was expected, at offset ${offset}: ${why}.`, {
    data: { code: 'INVALID_JSON', offset },
  });

/** An integer that would be another one after it was read. */
function lostDigitsIn(text: string): string | undefined {
  const [first] = inexactIntegersIn(text);
  return first && `the number ${first.slice(0, 60)} has more digits than a number keeps. Send it as a text`;
}

/** The first thing in the value that cannot be stored, with its path. */
function problemAt(value: Json, path: string): string | undefined {
  if (typeof value === 'string') return unstorable.test(value) ? `${place(path)} has ${noCharacter}` : undefined;
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : `${place(path)} is a number that is too large`;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries<Json>(value)) {
    if (forbiddenNames.has(key)) return `${place(path)} has the name ${key}, which is not allowed`;
    if (unstorable.test(key)) return `a name in ${place(path)} has ${noCharacter}`;
    const problem = problemAt(inner, path === '' ? key : `${path}.${key}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const unstorable = /[\0\p{Surrogate}]/u;
const noCharacter = 'a character that is none (NUL, or half of a surrogate pair)';
const place = (path: string) => (path === '' ? 'it' : JSON.stringify(path.slice(0, 200)));
