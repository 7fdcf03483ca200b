/** An envelope on the bus: its body is the payload, as JSON; everything else stands in the headers, where a person with a plain client can read it. */
import { headers, MsgHdrsImpl, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { explain } from '../../contracts/explain.ts';
import { Envelope, FailureBody } from '../../contracts/envelope.ts';
import { fromFailure, toFailure, TroupeError } from '../../contracts/failure.ts';

const text = new TextEncoder();
const words = new TextDecoder('utf-8', { fatal: true });

const Heading = Envelope.omit({ body: true });

/** The envelope's keys as headers. `Nats-Msg-Id` is the one that the server itself knows. */
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
} as const satisfies Record<Exclude<keyof Envelope, 'body'>, string>;
/** Names the object that holds a body which was too large for a message. */
export const blobHeader = 'Troupe-Blob';
const failureHeader = 'Troupe-Failure';
const keys = Object.keys(names) as (keyof typeof names)[];
const keyOf = new Map<string, keyof typeof names>(keys.map((key) => [names[key], key]));

/** All at once: set one by one, each name is checked and looked for again. */
export function headersOf(envelope: Envelope): MsgHdrs {
  const sent: Record<string, string[]> = {};
  for (const key of keys) {
    const value = envelope[key];
    if (value !== undefined) sent[names[key]] = [encodeURI(String(value))];
  }
  return MsgHdrsImpl.fromRecord(sent);
}

export const bytesOf = (body: Envelope['body']): Uint8Array => text.encode(JSON.stringify(body));

/** Throws `invalid`: whoever can write to the bus can write anything. */
export function envelopeOf(message: Pick<Msg, 'headers' | 'subject'>, payload: Uint8Array): Envelope {
  const said: Record<string, unknown> = {};
  for (const [name, [value]] of message.headers ?? []) {
    const key = keyOf.get(name);
    if (key && value) said[key] = key === 'deadline' ? Number(value) : decoded(value);
  }
  const parsed = Heading.safeParse(said);
  // What JSON gave is JSON: checking it again would cost as much as parsing, and lose keys such as "__proto__".
  if (parsed.success) return { ...parsed.data, body: jsonOf(payload, message.subject) as Envelope['body'] };
  throw new TroupeError(
    'invalid',
    `What came on ${message.subject} is no message of a troupe: ${explain(parsed.error, said)}.`,
  );
}

/** From whom to whom, as far as its headers tell without being checked. */
export const recipientOf = ({ headers: said }: Pick<Msg, 'headers'>): { from: string; to: string } => ({
  from: said?.get(names.from) ?? '',
  to: said?.get(names.to) ?? '',
});

export const nobodyAt = (to: string): TroupeError =>
  new TroupeError('unknown_recipient', `No actor has the address ${to}.`, { data: { to } });

/** Where a process hears of several of its messages at once that they were taken; the payload is their tokens, with a space between. */
export const manyTaken = '_';
export const tokensIn = ({ data }: Pick<Msg, 'data'>): string[] => words.decode(data).split(' ');

/** The word of a recipient why it did not take a message over. */
export function refusal(thrown: unknown): { payload: Uint8Array; headers: MsgHdrs } {
  const sent = headers();
  sent.set(failureHeader, 'yes');
  return { payload: bytesOf({ failure: toFailure(thrown) } as Envelope['body']), headers: sent };
}

/** Undefined when it took it. */
export function refusalIn(message: Msg): TroupeError | undefined {
  if (!message.headers?.has(failureHeader)) return undefined;
  const parsed = FailureBody.safeParse(jsonOf(message.data, message.subject));
  return parsed.success
    ? fromFailure(parsed.data.failure)
    : new TroupeError('invalid', 'The recipient refused the message with something that is no failure.');
}

function jsonOf(payload: Uint8Array, subject: string): unknown {
  try {
    return JSON.parse(words.decode(payload));
  } catch (cause) {
    throw new TroupeError('invalid', `What came on ${subject} is no JSON: ${(cause as Error).message}.`, { cause });
  }
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURI(value);
  } catch {
    return value;
  }
}
