/** Turns errors of MCP servers into failures with a kind, without secrets. */
import { causesOf, reasonOf } from '../values/cause.ts';
import { TroupeError, type FailureKind } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import { redactor } from '../observe/redactor.ts';
import { certaintyOf, httpStatusOf, isSessionLost, streamEnded } from './certainty.ts';
import { secretsInAddress, type HttpAddress, type ProgramAddress } from './address.ts';

/** Which server failed, and how its secrets are hidden. */
export interface ErrorContext {
  /** The name of the server. */
  readonly server: string;
  /** Replaces secrets in a text. */
  readonly mask: (text: string) => string;
}

/** For the errors of one server. `secrets`: further texts to be hidden. */
export const errorContext = (address: ProgramAddress | HttpAddress, secrets: readonly string[] = []): ErrorContext => ({
  server: address.name,
  mask: redactor([...secretsInAddress(address), ...secrets]),
});

/** An `environment` failure; retryable by default, because a server that is gone may come back. */
export function serverError(
  { server, mask }: ErrorContext,
  message: string,
  retryable = true,
  cause?: unknown,
): TroupeError {
  return new TroupeError('environment', `Tool server "${server}" ${mask(message)}`, {
    retryable,
    cause,
    data: { server },
  });
}

/** The failure for anything that the client library throws. An error about the arguments of a call is `invalid`. */
export function toServerError(
  context: ErrorContext,
  doing: 'connecting' | 'listing' | 'calling',
  error: unknown,
): TroupeError {
  if (error instanceof TroupeError) return error;
  const status = httpStatusOf(error);
  const { kind, retryable } = doing === 'calling' ? (classifyRpcError(error) ?? classify(error)) : classify(error);
  const reason = context.mask(isMisfit(error) ? misfit : reasonOf(error)).slice(0, maxReasonLength);
  const certainty = doing === 'calling' ? certaintyOf(error) : undefined;
  return new TroupeError(kind, `Tool server "${context.server}" failed while ${doing}: ${reason}`, {
    retryable,
    data: {
      server: context.server,
      ...(status === undefined ? {} : { status }),
      ...(certainty === 'refused' ? { refused: true } : {}),
      ...(certainty === 'answered' ? { done: true } : {}),
    },
    // The original may contain headers or the whole answer of the server: the message is enough.
    cause: new Error(reason),
  });
}

/** The library lists every rule that an answer breaks, over many lines; a person needs to know only that it does. */
const misfit =
  'its answer does not have the form that the protocol asks for. Update the server, or report it to its authors.';
const isMisfit = (error: unknown): boolean =>
  causesOf(error).some(
    ({ name, message }) => name === 'ZodError' || codeOf(error) === 'INVALID_RESULT' || /^\[\s*\{/.test(message),
  );

/** The most characters of a server's message. */
const maxReasonLength = 500;

/** Has the server answered with an error of JSON-RPC? Such an error has a number. */
export function isRpcError(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === 'number' && code !== streamEnded && httpStatusOf(error) === undefined && !isSessionLost(error);
}

const classifyRpcError = (error: unknown): Classified | undefined =>
  isRpcError(error) ? { kind: codeOf(error) === -32602 ? 'invalid' : 'tool', retryable: undefined } : undefined;

interface Classified {
  readonly kind: FailureKind;
  readonly retryable: boolean | undefined;
}

function classify(error: unknown): Classified {
  const status = httpStatusOf(error);
  const causes = causesOf(error);
  const has = (...codes: unknown[]) => causes.some((cause) => codes.includes(codeOf(cause)));
  const isNamed = (name: string) => causes.some((cause) => cause.name === name);

  if (status === 401 || status === 403 || isNamed('UnauthorizedError')) return { kind: 'auth', retryable: undefined };
  if (status === 429 || (status !== undefined && status >= 500)) return { kind: 'transient', retryable: undefined };
  // The next connection gets a new session.
  if (isSessionLost(error)) return { kind: 'environment', retryable: true };
  if (has('REQUEST_TIMEOUT')) return { kind: 'timeout', retryable: undefined };
  if (has(streamEnded)) return { kind: 'environment', retryable: true };
  const speaksOtherwise = has('INVALID_RESULT', 'CLIENT_HTTP_UNEXPECTED_CONTENT') || isNamed('ZodError');
  const refuses = status !== undefined || causes.some((cause) => typeof codeOf(cause) === 'number');
  return { kind: 'environment', retryable: !speaksOtherwise && !refuses };
}

const codeOf = (error: unknown): unknown => propertiesOf(error)['code'];
