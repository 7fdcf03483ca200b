/** What a store accepts: names, keys and values. Its errors say what is wrong with a value, and never what the value is. */
import { TroupeError } from '../values/failure.ts';
import { Id } from '../values/ids.ts';
import { isJsonObject } from '../values/json.ts';
import { requireOptions } from '../values/options.ts';
import type { SecretListOptions, SecretValues, SetSecretOptions } from './secretStore.ts';

/** Characters of a key. */
const longestKey = 200;
/** Characters of a value: a private key or a certificate chain fits. */
const longestValue = 65_536;
/** Keys of a secret. */
const mostKeys = 100;
const largestPage = 1_000;
const defaultPage = 100;

/** Can a value have this name? Those of environment variables, because many are given to programs as such. */
export const isSecretKey = (key: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) && key.length <= longestKey && key !== '__proto__';

/** Checks the name of a secret. Throws `invalid`; the name is not in the message, because a value may have been given in its place. */
export function requireSecretName(name: unknown): asserts name is string {
  if (typeof name === 'string' && Id.safeParse(name).success) return;
  throw invalid(
    `The name of a secret has up to 200 lower-case letters, digits and ". _ -", begins with a letter or a digit, and is no name of JavaScript itself, such as "openai"; got ${described(name)}.`,
  );
}

/** A copy of the values, which the caller may change afterwards. Throws `invalid` when they cannot be accepted. */
export function acceptedValues(name: string, values: unknown): SecretValues {
  const accepted: [string, string][] = [];
  const entries = isJsonObject(values) ? Object.entries<unknown>(values) : [];
  if (entries.length === 0)
    throw invalid(`The secret "${name}" needs at least one value with its key, such as API_KEY; got none.`);
  if (entries.length > mostKeys) throw tooManyKeys(name, entries.length);
  for (const [index, [key, value]] of entries.entries()) {
    if (!isSecretKey(key))
      throw invalid(
        `A key of a secret is named like an environment variable: letters, digits and "_", not beginning with a digit, such as API_KEY. Key ${index + 1} of "${name}" is not (${described(key)}).`,
      );
    const problem = problemOf(value);
    if (problem !== undefined || typeof value !== 'string')
      throw invalid(`The value of ${key} of the secret "${name}" ${problem}.`);
    accepted.push([key, value]);
  }
  return Object.fromEntries(accepted);
}

/** Checks how many keys a secret has in the end. Throws `invalid`. */
export function requireFewKeys(name: string, values: SecretValues): void {
  const count = Object.keys(values).length;
  if (count > mostKeys) throw tooManyKeys(name, count);
}

/** Checks the options of `set`, which from JavaScript may be anything. Throws `definition` for one that there is not, and `invalid`. */
export function requireVisibility(options: SetSecretOptions): void {
  requireOptions('The options of a secret', options, { private: true });
  const given: unknown = options.private;
  if (given !== undefined && typeof given !== 'boolean')
    throw invalid(`A secret is private (true) or public (false); got ${described(given)}.`);
}

/** The page and its size, with defaults. Throws `invalid`. */
export function requirePage({ page = 1, size = defaultPage }: SecretListOptions): { page: number; size: number } {
  if (!Number.isSafeInteger(page) || page < 1)
    throw invalid(`The page of a list is a whole number from 1; got ${String(page)}.`);
  if (!Number.isSafeInteger(size) || size < 1 || size > largestPage)
    throw invalid(`The size of a page is a whole number from 1 to ${largestPage}; got ${String(size)}.`);
  return { page, size };
}

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a text; it is ${described(value)}`;
  if (value.trim() === '') return 'is empty. Check where it was to come from';
  if (value.length > longestValue) return `has ${value.length} characters; at most ${longestValue} are kept`;
  if (value.includes('\0') || !value.isWellFormed()) return 'is no text: it has a NUL or half a character';
  return undefined;
}

const described = (value: unknown): string =>
  value === '' ? 'an empty text' : typeof value === 'string' ? `a text of ${value.length} characters` : typeof value;

const tooManyKeys = (name: string, count: number) =>
  invalid(`The secret "${name}" would have ${count} keys; a secret has ${mostKeys} at most. Use a second secret.`);

const invalid = (message: string) => new TroupeError('invalid', message);
