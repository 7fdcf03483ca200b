/**
 * Names of logs as subjects. A name is written so that an ordinary id stays readable: "job.desk" becomes "job/desk", because a dot separates tokens of a
 * subject, and a slash those of a name. Every other character that is not plain is written as "%" and its bytes, so two names never share a subject.
 */
import { TroupeError } from '../../../values/failure.ts';

/** Characters of the longest subject: the server reads a message's subject, its reply and its sizes from one line of 4,096 bytes. */
const longest = 3_000;

/** The subject tokens of a name. Throws `invalid` when they are too long for a subject. */
export function tokensOf(name: string): string {
  const tokens = name.split('/').map(tokenOf).join('.');
  if (tokens.length <= longest) return tokens;
  throw new TroupeError(
    'invalid',
    `A name in the shared journal may have ${longest} characters in a subject; ${JSON.stringify(name.slice(0, 40))}… has ${tokens.length}. Use a shorter id.`,
  );
}

/** The name of such tokens; undefined when no name has them: another program has published there. */
export function logNameOf(tokens: string): string | undefined {
  try {
    const name = tokens.split('.').map(textOf).join('/');
    return tokensOf(name) === tokens ? name : undefined;
  } catch {
    return undefined;
  }
}

/** The token of an empty text: a subject has no empty ones. */
const empty = '%';

const tokenOf = (text: string): string =>
  text === '' ? empty : text.replaceAll(/[^A-Za-z0-9_~:@=+.-]/gu, escaped).replaceAll('.', '/');

const textOf = (token: string): string =>
  token === empty
    ? ''
    : token
        .replaceAll('/', '.')
        .replaceAll(/%u([0-9A-F]{4})|(?:%[0-9A-F]{2})+/g, (bytes, unit?: string) =>
          unit === undefined ? decodeURIComponent(bytes) : String.fromCharCode(Number.parseInt(unit, 16)),
        );

function escaped(character: string): string {
  const unit = character.charCodeAt(0);
  // Half of a surrogate pair has no bytes.
  if (character.length === 1 && unit >= 0xd800 && unit <= 0xdfff) return `%u${unit.toString(16).toUpperCase()}`;
  return [...new TextEncoder().encode(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
