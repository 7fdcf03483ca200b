/**
 * What became of a call, by the error that the client library gave: the one place that tells certain failures from uncertain ones.
 *
 * - `refused`: the server did not take the call. It has not happened, whatever the tool is.
 * - `answered`: the server has carried the call out, and its answer cannot be read.
 * - `failed`: the server says that the call failed.
 * - `unknown`: the connection was lost, or the server broke: the call may or may not have happened.
 */
import { causesOf } from '../values/cause.ts';
import { toFailure } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';

/** What is known of a call that did not end well. */
export type Certainty = 'refused' | 'answered' | 'failed' | 'unknown';

/** Our own JSON-RPC code: the stream on which an answer was to come has ended. */
export const streamEnded = -32_097;

/** Codes of JSON-RPC for a request that was not taken: it could not be parsed, is invalid, has an unknown method or invalid parameters. */
const notTaken: readonly unknown[] = [-32_700, -32_600, -32_601, -32_602];
/** Statuses of HTTP below 500 after which a request may have been carried out: the server or a proxy waited too long for it. */
const tooLate: readonly unknown[] = [408, 499];
/** The library's codes for an answer that does not fit. */
const unreadable: readonly unknown[] = ['INVALID_RESULT', 'CLIENT_HTTP_UNEXPECTED_CONTENT'];

/** Judges the error of a call that had been sent. */
export function certaintyOf(error: unknown): Certainty {
  const status = httpStatusOf(error);
  if (status !== undefined && status >= 400) return status < 500 && !tooLate.includes(status) ? 'refused' : 'unknown';
  const codes = causesOf(error).map((cause) => propertiesOf(cause)['code']);
  const names = causesOf(error).map(({ name }) => name);
  if (codes.includes(streamEnded)) return 'unknown';
  if (codes.some((code) => unreadable.includes(code)) || names.includes('ZodError') || names.includes('SyntaxError'))
    return 'answered';
  if (codes.some((code) => notTaken.includes(code)) || isSessionLost(error)) return 'refused';
  return codes.some((code) => typeof code === 'number') ? 'failed' : 'unknown';
}

/** Has the server forgotten our session? It refuses every request of it, and gives a new session to whoever connects again. */
export function isSessionLost(error: unknown): boolean {
  const status = httpStatusOf(error);
  if (status === 404) return true;
  const says = causesOf(error).some(({ message }) => /session|not initialized/i.test(message));
  const codes = causesOf(error).map((cause) => propertiesOf(cause)['code']);
  return (
    says && (status === 400 || (status === undefined && codes.some((code) => code === -32_000 || code === -32_001)))
  );
}

/** The HTTP status in an error of the library; undefined when there is none. */
export function httpStatusOf(error: unknown): number | undefined {
  const { status } = propertiesOf(propertiesOf(error)['data']);
  return typeof status === 'number' ? status : undefined;
}

/** Does the failure of a call say that the server did not take it? */
export const isRefusal = (error: unknown): boolean => propertiesOf(toFailure(error).data)['refused'] === true;
/** Does it say that the server did not take it because it has forgotten our session? */
export const isSessionRefused = (error: unknown): boolean =>
  isRefusal(error) && toFailure(error).kind === 'environment' && toFailure(error).retryable;
