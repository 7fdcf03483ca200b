/** Signatures of requests, as Standard Webhooks has them: HMAC-SHA-256 over the id, the time and the exact bytes of the body. */
import { createHmac, timingSafeEqual } from 'node:crypto';
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
  const key = keyOf(secret);
  if (key.length === 0)
    throw new TroupeError('environment', 'The secret that signs the webhook is empty. Set its variable.');
  const timestamp = String(Math.floor(at / 1_000));
  const signature = digestOf(key, `${id}.${timestamp}.`, body).toString('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

/** How old, or how much in the future, a signed request may be, in milliseconds. */
const tolerance = 5 * 60_000;

/** Whether these headers sign the body with the secret, and not long ago. An empty secret signs nothing. */
export function isSigned(
  headers: Headers,
  body: Uint8Array,
  { secret, now }: { secret: string; now: number },
): boolean {
  const [id, timestamp] = [headers.get('webhook-id') ?? '', headers.get('webhook-timestamp') ?? ''];
  const at = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : NaN;
  const key = keyOf(secret);
  if (id === '' || key.length === 0 || !(Math.abs(now - at) <= tolerance)) return false;
  const expected = digestOf(key, `${id}.${timestamp}.`, body);
  // While a secret is replaced a sender signs with both.
  const given = (headers.get('webhook-signature') ?? '').split(' ').slice(0, 10);
  return given.some((each) => each.startsWith('v1,') && isSame(Buffer.from(each.slice(3), 'base64'), expected));
}

/** Whether a text is the HMAC-SHA-256 of the body: in hexadecimal, behind `sha256=` or not, or in base64. An empty secret signs nothing. */
export function isDigest(text: string, body: Uint8Array, secret: string): boolean {
  const given = /^(?:sha256=)?([0-9a-f]{64})$/i.exec(text)?.[1];
  const digest = given === undefined ? Buffer.from(text, 'base64') : Buffer.from(given, 'hex');
  return secret !== '' && isSame(digest, digestOf(Buffer.from(secret, 'utf8'), '', body));
}

const digestOf = (key: Uint8Array, before: string, body: string | Uint8Array): Buffer =>
  createHmac('sha256', key).update(before).update(body).digest();

const isSame = (given: Uint8Array, expected: Uint8Array): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);

const keyOf = (secret: string): Buffer =>
  secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret, 'utf8');

const prefix = 'whsec_';
