/** Why something was thrown: an error and its causes, down to the network. */

/** An error and its causes, outermost first; at most five, so that a cycle of causes ends. */
export function causesOf(thrown: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = thrown; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  return causes;
}

/** The messages down to the cause: `fetch failed` alone does not say that the connection was refused, and `All promises were rejected` not why. */
export function reasonOf(thrown: unknown): string {
  const causes = causesOf(thrown);
  if (causes.length === 0) return textOf(thrown);
  const messages = causes.map((cause) => errorMessage(cause) || (codeOf(cause) ?? cause.name));
  return [...new Set([...messages, ...causes.flatMap(severalIn)])].join(': ');
}

/** Of several errors in one, the messages of the first ones. */
function severalIn(error: Error): string[] {
  if (!(error instanceof AggregateError) || error.errors.length === 0) return [];
  const shown = error.errors.slice(0, mostShown).map(errorMessage);
  const more = error.errors.length - shown.length;
  return [[...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')];
}
const mostShown = 5;

/** Anything can be thrown, also what has no text: an object without a prototype. Of an object that says nothing the keys are told, and no values: they may be secrets. */
function textOf(thrown: unknown): string {
  try {
    const text = String(thrown);
    if (text === '') return 'an empty value';
    if (typeof thrown !== 'object' || thrown === null) return text;
    const { message, ...more } = thrown as { readonly message?: unknown };
    if (typeof message === 'string' && message !== '') return message;
    const keys = Object.keys(more).slice(0, 20).join(', ');
    return text === '[object Object]' && keys !== '' ? `an object with the keys ${keys}` : text;
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

/** The message of an error; of anything else that was thrown, the thing as a text. */
export function errorMessage(thrown: unknown): string {
  if (!(thrown instanceof Error)) return textOf(thrown);
  // Some libraries put an object there.
  const message: unknown = thrown.message;
  return typeof message === 'string' ? message : textOf(message);
}

const codeOf = (error: Error): string | undefined => (error as { code?: string }).code;

/** Error codes of Node and of its `fetch` for a failed connection, by kind of failure. */
const network = [
  // prettier-ignore
  ['transient', ['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'UND_ERR_SOCKET']],
  ['timeout', ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']],
  /** No such host: asking again gives the same answer. */
  ['environment', ['ENOTFOUND']],
] as const;

/** The kind of a network failure or a timeout; undefined for any other error. */
export function networkKind(thrown: unknown): (typeof network)[number][0] | undefined {
  const causes = causesOf(thrown);
  if (causes.some(({ name }) => name === 'TimeoutError')) return 'timeout';
  const codes = new Set(causes.map(codeOf));
  return network.find(([, all]) => all.some((code) => codes.has(code)))?.[0];
}
