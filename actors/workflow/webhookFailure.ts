/** Why a webhook failed, and whether it may be sent again. */
import type { EgressResponse } from '../../src/security/shapes.ts';
import { TroupeError, type Failure } from '../../src/values/failure.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import { pauseAskedFor } from './retryAfter.ts';

/** The word for programs. */
export const codeOfWebhook = ({ kind }: Failure): string => codes[kind] ?? 'failed';

const codes: Partial<Record<Failure['kind'], string>> = {
  transient: 'webhook_failed',
  environment: 'webhook_failed',
  tool: 'webhook_failed',
  auth: 'webhook_failed',
  timeout: 'timeout',
  denied: 'denied',
  invalid: 'invalid',
  uncertain: 'uncertain',
  expired: 'expired',
};

/** A webhook, as its failure shows it. */
interface ShownWebhook {
  /** `webhook POST`. */
  readonly name: string;
  /** Its URL without the query; undefined when it is none. */
  readonly shown: string | undefined;
  /** The receiver knows a request again by its key. */
  readonly idempotent: boolean;
}

/** The error of a request that got no answer. One that was sent and cannot be sent again is uncertain (E7). */
export function brokenRequest(
  { kind, message, retryable, data }: Failure,
  { name, shown, idempotent, key }: ShownWebhook & { readonly key: string },
): TroupeError {
  const where = shown === undefined || message.startsWith(shown) ? '' : `${shown}: `;
  const text = `${name} ${where}${message}`;
  if (retryable && !idempotent && propertiesOf(data)['sent'] === true)
    return new TroupeError('uncertain', `${text} It may or may not have arrived: look it up at the receiver.`, {
      data: { key },
    });
  return new TroupeError(kind, text, { retryable, data });
}

/**
 * The error of a request whose answer is not 2xx. Another one can be made after 429 and 5xx: when the receiver knows it by its key, and otherwise only when the
 * receiver says that it did nothing (429, 503).
 */
export function refusedRequest(
  { status, headers }: EgressResponse,
  { name, shown = '', idempotent, now }: ShownWebhook & { readonly now: number },
): TroupeError {
  const isBusy = status === 429 || status >= 500;
  const kind = isBusy ? 'transient' : status === 401 || status === 403 ? 'auth' : 'tool';
  return new TroupeError(kind, `${name} ${shown} returned status ${status}`, {
    retryable: isBusy && (idempotent || status === 429 || status === 503),
    retryAfter: pauseAskedFor(headers, now),
    data: { status },
  });
}
