/** Encodes an envelope as a NATS message: the body is the payload, as JSON; everything else is in headers, so that a person can read it with any NATS client. */
import type * as z from 'zod';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { headers, MsgHdrsImpl } from '../../nats/client.ts';
import { reasonOf } from '../../values/cause.ts';
import { describeMismatch } from '../../values/explain.ts';
import { Envelope, FailureBody } from '../../contracts/envelope.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../../values/failure.ts';
import { percentDecoded } from '../../nats/percentDecoding.ts';
import type { BundledMessage } from './bundle.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** An envelope without its body. `posted` belongs to the journal and does not travel. */
const Heading = Envelope.omit({ body: true, posted: true });
export type Heading = z.infer<typeof Heading>;

/** What travels of an envelope beside its body. */
export const headingOf = ({ id, type, from, to, run, kind, correlation, causation, deadline }: Envelope): Heading => ({
  id,
  type,
  from,
  to,
  run,
  kind,
  correlation,
  causation,
  deadline,
});

/** The header of each key of an envelope. `Nats-Msg-Id` is a header that the server itself knows. */
const names = {
  id: 'Nats-Msg-Id',
  type: 'Troupe-Type',
  from: 'Troupe-From',
  to: 'Troupe-To',
  run: 'Troupe-Run',
  kind: 'Troupe-Kind',
  correlation: 'Troupe-Correlation',
  causation: 'Troupe-Causation',
  deadline: 'Troupe-Deadline',
} as const satisfies Record<keyof Heading, string>;
const failureHeader = 'Troupe-Failure';
type Key = keyof typeof names;

// `names` is a constant of exactly these keys.
const keys = Object.keys(names) as Key[];
const keyOf = new Map<string, Key>(keys.map((key) => [names[key], key]));

/** The headers of an envelope. They are made at once: `set` would check each name and search for it. */
export function encodeHeaders(heading: Heading | Envelope): MsgHdrs {
  const sent: Record<string, string[]> = {};
  for (const key of keys) {
    const value = heading[key];
    if (value !== undefined) sent[names[key]] = [encodeURI(String(value))];
  }
  return MsgHdrsImpl.fromRecord(sent);
}

/** The bytes of a text. */
export const encodeText = (text: string): Uint8Array => encoder.encode(text);

/** The envelope of a message. Throws `invalid` when it is none: any client of the server can send anything. */
export function decodeEnvelope(message: Pick<Msg, 'headers' | 'subject'>, payload: Uint8Array): Envelope {
  const heading: Record<string, unknown> = {};
  for (const [name, [value]] of message.headers ?? []) {
    const key = keyOf.get(name);
    if (key && value) heading[key] = key === 'deadline' ? Number(value) : percentDecoded(value);
  }
  return { ...requireHeading(heading, message.subject), body: jsonOf(payload, message.subject) };
}

/** The envelope of a message in a bundle. Throws `invalid` when it is none. */
export const decodeBundled = ([, heading, body]: BundledMessage): Envelope =>
  // What a schema returns is a new object.
  Object.assign(requireHeading(heading, 'its inbox'), { body });

/** The body is not checked by a schema: parsed JSON is JSON, and a check would cost as much as parsing and lose keys such as "__proto__". */
function requireHeading(heading: unknown, cameOn: string): Heading {
  const parsed = Heading.safeParse(heading);
  if (parsed.success) return parsed.data;
  throw new TroupeError(
    'invalid',
    `What came on ${cameOn} is no message of a troupe: ${describeMismatch(parsed.error, heading)}.`,
  );
}

/** The addresses of sender and recipient as the headers say, unchecked; empty where there is none. */
export const recipientOf = ({ headers: sent }: Pick<Msg, 'headers'>): { from: string; to: string } => ({
  from: percentDecoded(sent?.get(names.from) ?? ''),
  to: percentDecoded(sent?.get(names.to) ?? ''),
});

/** The error for an address without a listener: `unknown_recipient`, with `data` { to }. */
export const unknownRecipient = (to: string): TroupeError =>
  new TroupeError('unknown_recipient', `No actor has the address ${to}.`, { data: { to } });

/** The token under which a process receives the acknowledgement of several messages at once; the payload is their tokens, separated by spaces. */
export const batchToken = '_';
/** The tokens in such a payload. */
export const batchTokens = ({ data }: Pick<Msg, 'data'>): string[] => decoder.decode(data).split(' ');

/** The answer of a recipient that refuses a message. */
export function encodeRefusal(thrown: unknown): { payload: Uint8Array; headers: MsgHdrs } {
  const sent = headers();
  sent.set(failureHeader, 'yes');
  return { payload: encodeText(JSON.stringify({ failure: sendableFailure(thrown) })), headers: sent };
}

/** Why a message is refused, in a size that every message can hold. */
export function sendableFailure(thrown: unknown): Failure {
  const failure = toFailure(thrown);
  return encodeText(JSON.stringify(failure)).length <= maxRefusal ? failure : shortened(failure);
}

/** Bytes of a refusal: one that no message can hold would never arrive, and the sender would wait. */
const maxRefusal = 64 * 1024;
const shortened = ({ kind, message, retryable }: Failure): Failure => ({
  kind,
  message: message.length > 2_000 ? `${message.slice(0, 2_000)}…` : message,
  retryable,
});

/** The refusal in an answer; undefined when the recipient accepted the message. */
export function decodeRefusal(message: Msg): TroupeError | undefined {
  if (!message.headers?.has(failureHeader)) return undefined;
  const parsed = FailureBody.safeParse(jsonOrUndefined(message));
  return parsed.success
    ? fromFailure(parsed.data.failure)
    : new TroupeError('invalid', 'The recipient refused the message with something that is no failure.');
}

function jsonOrUndefined({ data, subject }: Pick<Msg, 'data' | 'subject'>): Envelope['body'] | undefined {
  try {
    return jsonOf(data, subject);
  } catch {
    return undefined;
  }
}

function jsonOf(payload: Uint8Array, subject: string): Envelope['body'] {
  try {
    const json: Envelope['body'] = JSON.parse(decoder.decode(payload));
    return json;
  } catch (cause) {
    throw new TroupeError('invalid', `What came on ${subject} is no JSON: ${reasonOf(cause)}.`, { cause });
  }
}
