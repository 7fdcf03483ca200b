/** Signatures of requests, as Standard Webhooks has them: HMAC-SHA-256 over the id, the time and the exact bytes of the body. */
import { createHmac } from 'node:crypto';
import { TroupeError } from '../values/failure.ts';

/** What is signed, and with what. */
export interface SignedRequest {
  /** The same for every attempt: the receiver knows a request again by it. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The body, as it is sent. */
  readonly body: string;
  /** A text, or `whsec_` and the key in base64. */
  readonly secret: string;
}

/** The headers that sign a request. Throws `environment` for an empty secret: anybody could sign with it. */
export function signatureHeaders({ id, at, body, secret }: SignedRequest): Readonly<Record<string, string>> {
  const key = secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret, 'utf8');
  if (key.length === 0)
    throw new TroupeError('environment', 'The secret that signs the webhook is empty. Set its variable.');
  const timestamp = String(Math.floor(at / 1_000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

const prefix = 'whsec_';
