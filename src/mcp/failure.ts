/** What went wrong with a server, in our kinds and without its secrets. */
import { causesOf, reasonOf } from '../contracts/cause.ts';
import { TroupeError, type FailureKind } from '../contracts/failure.ts';
import { redactor } from '../observe/redactor.ts';
import { secretsOf, type HttpPlace, type ProgramPlace } from './place.ts';

export interface Blame {
  readonly server: string;
  /** Masks what must not be seen. */
  readonly mask: (text: string) => string;
}

export const blameOn = (place: ProgramPlace | HttpPlace): Blame => ({
  server: place.name,
  mask: redactor(secretsOf(place)),
});

/** Our own JSON-RPC code: the stream on which an answer was to come has ended. */
export const streamEnded = -32_097;

/** A server that is gone comes back: `retryable` unless told otherwise. */
export function environment({ server, mask }: Blame, message: string, retryable = true, cause?: unknown): TroupeError {
  return new TroupeError('environment', `Tool server "${server}" ${mask(message)}`, {
    retryable,
    cause,
    data: { server },
  });
}

/** Whatever the client library threw, sorted. What a server says of a call's arguments is `invalid`; of our other requests, it is broken. */
export function classify(blame: Blame, doing: 'connecting' | 'listing' | 'calling', error: unknown): TroupeError {
  if (error instanceof TroupeError) return error;
  const { kind, retryable } = doing === 'calling' ? (sortAnswer(error) ?? sort(error)) : sort(error);
  const reason = blame.mask(reasonOf(error)).slice(0, longest);
  return new TroupeError(kind, `Tool server "${blame.server}" failed while ${doing}: ${reason}`, {
    retryable,
    data: { server: blame.server, ...(statusOf(error) === undefined ? {} : { status: statusOf(error)! }) },
    // The original may carry headers or the server's whole answer: its words are enough.
    cause: new Error(reason),
  });
}

/** Characters of what a server said of itself. */
const longest = 500;

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
