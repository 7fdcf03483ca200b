/** What went wrong with a server, in our kinds and without its secrets. */
import { TroupeError, type FailureKind } from '../contracts/failure.ts';

export interface Blame {
  readonly server: string;
  /** Strings that must not be seen. */
  readonly secrets: readonly string[];
}

/** Our own JSON-RPC code: the stream on which an answer was to come has ended. */
export const streamEnded = -32_097;

/** A server that is gone comes back: `retryable` unless told otherwise. */
export function environment(
  { server, secrets }: Blame,
  message: string,
  retryable = true,
  cause?: unknown,
): TroupeError {
  return new TroupeError('environment', `Tool server "${server}" ${redact(message, secrets)}`, {
    retryable,
    cause,
    data: { server },
  });
}

/** Whatever the client library threw, sorted. What a server says of a call's arguments is `invalid`; of our other requests, it is broken. */
export function classify(blame: Blame, doing: 'connecting' | 'listing' | 'calling', error: unknown): TroupeError {
  if (error instanceof TroupeError) return error;
  const { kind, retryable } = doing === 'calling' ? (sortAnswer(error) ?? sort(error)) : sort(error);
  const reason = redact(reasonOf(error), blame.secrets);
  return new TroupeError(kind, `Tool server "${blame.server}" failed while ${doing}: ${reason}`, {
    retryable,
    data: { server: blame.server, ...(statusOf(error) === undefined ? {} : { status: statusOf(error)! }) },
    // The original may carry headers or the server's whole answer: its words are enough.
    cause: new Error(reason),
  });
}

/** A JSON-RPC error has a number. */
function sortAnswer(error: unknown): Sorted | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'number' || code === streamEnded || statusOf(error) !== undefined) return undefined;
  return { kind: code === -32602 ? 'invalid' : 'tool', retryable: undefined };
}

interface Sorted {
  readonly kind: FailureKind;
  readonly retryable: boolean | undefined;
}

function sort(error: unknown): Sorted {
  const status = statusOf(error);
  const causes = causesOf(error);
  const has = (...codes: unknown[]) => causes.some((cause) => codes.includes((cause as NodeJS.ErrnoException).code));
  const isNamed = (name: string) => causes.some((cause) => cause.name === name);

  if (status === 401 || status === 403 || isNamed('UnauthorizedError')) return { kind: 'auth', retryable: undefined };
  if (status === 429 || (status !== undefined && status >= 500)) return { kind: 'transient', retryable: undefined };
  // The server has forgotten our session: the next connection gets a new one.
  if (status === 404) return { kind: 'environment', retryable: true };
  if (has('REQUEST_TIMEOUT')) return { kind: 'timeout', retryable: undefined };
  if (has(streamEnded)) return { kind: 'environment', retryable: true };
  const speaksOtherwise = has('INVALID_RESULT', 'CLIENT_HTTP_UNEXPECTED_CONTENT') || isNamed('ZodError');
  const refuses =
    status !== undefined || causes.some((cause) => typeof (cause as { code?: unknown }).code === 'number');
  return { kind: 'environment', retryable: !speaksOtherwise && !refuses };
}

const statusOf = (error: unknown): number | undefined => {
  const status = (error as { data?: { status?: unknown } } | undefined)?.data?.status;
  return typeof status === 'number' ? status : undefined;
};

/** An error and what caused it, outermost first. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  return causes;
}

/** Down to the cause: `fetch failed` tells nobody that the connection was refused. */
function reasonOf(error: unknown): string {
  const words = causesOf(error).map((cause) => cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name));
  return (words.length > 0 ? [...new Set(words)].join(': ') : String(error)).slice(0, 500);
}

export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, '[hidden]'), text);
}
