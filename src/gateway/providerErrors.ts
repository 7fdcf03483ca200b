/** Turns errors of providers into failures with a kind, without their keys. */
import { TroupeError, type FailureKind } from '../values/failure.ts';
import { cutText } from '../values/text.ts';
import { contextOverflow } from './fitting/overflow.ts';

/** The fields of the AI SDK's API errors; other errors have some of them or none. */
interface ApiError {
  readonly message?: string;
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  readonly code?: string;
  readonly cause?: { readonly code?: string; readonly message?: string };
  readonly name?: string;
}

/** The kind of failure that an HTTP status of a provider means. */
export const kindOfStatus = (status: number): FailureKind =>
  status === 401 || status === 403
    ? 'auth'
    : status === 408 || status === 409 || status === 425 || status === 429 || status >= 500
      ? 'transient'
      : 'invalid';

const advice: Partial<Record<FailureKind, string>> = {
  auth: 'Check the key, and what it is allowed to use.',
  invalid: 'Check the name of the model, and what it was sent.',
  transient: 'The other side is busy or away.',
  model: 'Send it less: a shorter history, fewer tools.',
};

/** A TroupeError for anything that a provider's client throws. `mask` hides keys. */
export function toProviderError(model: string, thrown: unknown, mask: (text: string) => string): unknown {
  if (thrown instanceof TroupeError) return thrown;
  // Any value can be thrown: every field may be missing.
  const error = (thrown ?? {}) as ApiError;
  const { statusCode, responseHeaders = {}, responseBody = '' } = error;
  const said = [error.message, error.cause?.message].filter(Boolean).join(': ') || String(thrown);
  const overflow = contextOverflow(`${said}; ${responseBody}`, statusCode);
  const kind: FailureKind = overflow ? 'model' : statusCode === undefined ? 'transient' : kindOfStatus(statusCode);
  const status =
    statusCode === undefined ? (error.code ?? error.cause?.code ?? error.name ?? 'no answer') : `status ${statusCode}`;
  const retryAfter = kind === 'transient' ? retryAfterOf(responseHeaders) : undefined;
  return new TroupeError(
    kind,
    mask(`${model} failed (${status}): ${cutText(said, 500)}. ${advice[kind] ?? ''}`).trim(),
    {
      ...(retryAfter === undefined ? {} : { retryAfter }),
      data: {
        model,
        ...(statusCode === undefined ? {} : { status: statusCode }),
        // The same request is as long the next time.
        ...(overflow ? { overflow: { ...overflow }, gone: true } : {}),
      },
    },
  );
}

/** The pause in milliseconds that `Retry-After` asks for. A date is compared with the server's own `Date`, so clocks need not agree. */
export function retryAfterOf(headers: Readonly<Record<string, string>>): number | undefined {
  const ms = Number(headers['retry-after-ms']);
  if (Number.isFinite(ms) && ms > 0) return ms;
  const after = headers['retry-after'];
  if (after === undefined || after.trim() === '') return undefined;
  const seconds = Number(after);
  const pause = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(after) - Date.parse(headers['date'] ?? '');
  return Number.isFinite(pause) && pause >= 0 ? pause : undefined;
}
