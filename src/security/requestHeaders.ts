/** Which methods and headers a request may have. */
import { TroupeError } from '../values/failure.ts';

/** Headers of the connection and of the length: set by the client, and by a caller they would make one request look like two. */
const ownHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const deniedMethods = new Set(['CONNECT', 'TRACE', 'TRACK']);
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
/** What a header can carry: no control characters but the tab, and nothing above Latin-1. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The headers with their names in lower case. Throws `invalid` for a header that could break out of its line, and `denied` for one that the client sets itself. */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const names = new Set<string>();
  const entries = Object.entries(headers).map(([given, value]): [string, string] => {
    const name = given.toLowerCase();
    if (!token.test(name))
      throw new TroupeError(
        'invalid',
        'A header was refused: its name has other characters than letters, digits and dashes.',
      );
    // The value may be a secret: it is not shown.
    if (typeof value !== 'string' || !headerValue.test(value))
      throw new TroupeError(
        'invalid',
        `The header "${name}" was refused: its value has a line break or another character that a header cannot carry.`,
      );
    if (ownHeaders.has(name))
      throw new TroupeError('denied', `The header "${name}" was refused: it belongs to the connection. Leave it out.`);
    if (names.has(name)) throw new TroupeError('invalid', `The header "${name}" was given twice.`);
    names.add(name);
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** The method in upper case. Throws `invalid` for what is none, and `denied` for one that opens a tunnel or shows headers. */
export function checkedMethod(method: string): string {
  const name = method.toUpperCase();
  if (!token.test(name)) throw new TroupeError('invalid', 'The method of a request must be a word such as "POST".');
  if (deniedMethods.has(name)) throw new TroupeError('denied', `Requests with the method ${name} are denied.`);
  return name;
}
