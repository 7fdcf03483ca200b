/** Validates what comes in for an actor: a message that breaks its contract, is too late or is forged is rejected, and changes nothing. */
import type { ZodError } from 'zod';
import type { Envelope } from '../contracts/envelope.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { isJsonObject } from '../values/json.ts';
import type { Pending } from '../contracts/pending.ts';
import type { ActorType } from './actorType.ts';
import type { MachineEvent } from './chart.ts';
import { fromChild, type Acknowledgement, type Incoming } from './incoming.ts';
import { isEndMessage } from './systemMessages.ts';

/** Checks a message, and makes it something for the actor to handle. Throws `invalid`, `unknown_message` or `denied`. */
export function fromEnvelope(
  type: ActorType,
  envelope: Envelope,
  pending: (key: string) => Pending | undefined,
  answer: Acknowledgement,
): Incoming {
  if (envelope.type.startsWith('xstate.')) return fromEndOfChild(envelope, pending, answer);
  const { id, from, body, kind, deadline } = envelope;
  const event = kind === 'signal' ? signal(type, envelope) : message(type, envelope);
  return { isInternal: false, id, from, body, deadline, event, ask: kind === 'ask' ? envelope : undefined, ...answer };
}

/** The event of a message, whose body must fit the schema that the type has for it. */
function message(type: ActorType, envelope: Envelope): MachineEvent {
  const { id, from, body, kind, correlation, deadline } = envelope;
  const schema = type.handles && Object.hasOwn(type.handles, envelope.type) ? type.handles[envelope.type] : undefined;
  if (!schema && type.handles && (kind === 'ask' || kind === 'tell')) {
    throw new TroupeError(
      'unknown_message',
      `${envelope.to} takes ${list(Object.keys(type.handles))}; it got "${envelope.type}" from ${from}.`,
    );
  }
  const parsed = schema?.safeParse(body);
  if (parsed && !parsed.success) throw contractError(envelope, parsed.error);
  const meta = {
    id,
    from,
    kind,
    ...(correlation === undefined ? {} : { correlation }),
    ...(deadline === undefined ? {} : { deadline }),
  };
  return { type: envelope.type, body: parsed ? parsed.data : body, meta };
}

/** Checks the names and the deadline, before the body is read. Throws `invalid` or `expired`. */
export function requireDeliverable(envelope: Envelope, now: number): void {
  const { id, type, from, to, deadline } = envelope;
  if (![id, type, from, to].every((name) => typeof name === 'string' && name !== '') || type === '*') {
    throw new TroupeError(
      'invalid',
      `A message needs an id, a type (not "*"), a sender and a recipient; it has ${JSON.stringify({ id, type, from, to })}.`,
    );
  }
  if (deadline !== undefined && deadline < now) throw expiredError(to, type, deadline, now);
}

/** The error of a message that comes after its deadline. Times are milliseconds since the epoch. */
export const expiredError = (to: Address, type: string, deadline: number, now: number): TroupeError =>
  new TroupeError('expired', `"${type}" for ${to} came ${now - deadline} ms after its deadline. It was not handled.`);

/** The names of XState's own events are reserved for the engine; of these only the end of a child is sent, and only by the child that is pending. */
function fromEndOfChild(
  envelope: Envelope,
  pendingOf: (key: string) => Pending | undefined,
  answer: Acknowledgement,
): Incoming {
  const { id, type, from, to, kind } = envelope;
  const body = isJsonObject(envelope.body) ? envelope.body : {};
  const forged = () => new TroupeError('denied', `"${type}" is a word of the engine; ${from} may not say it to ${to}.`);
  if (!isEndMessage({ kind, type }) || typeof body.key !== 'string') throw forged();
  const pending = pendingOf(body.key);
  // The child was stopped since then, or this came before: it is stale, which is no error.
  if (!pending) return { isInternal: true, id, from, event: { type }, body: null, settles: body.key, ...answer };
  if (pending.kind !== 'child' || pending.data.address !== from) throw forged();
  return fromChild(
    id,
    from,
    pending,
    type.startsWith('xstate.error.') ? { error: body.error ?? null } : { output: body.output ?? null },
    answer,
  );
}

function signal(type: ActorType, envelope: Envelope): MachineEvent {
  const event = { ...(isJsonObject(envelope.body) ? envelope.body : {}), type: envelope.type };
  const parsed = type.signals?.safeParse(event);
  if (parsed && !parsed.success) throw contractError(envelope, parsed.error);
  return (parsed?.data as MachineEvent | undefined) ?? event;
}

const contractError = ({ type, from, to, body }: Envelope, error: ZodError): TroupeError =>
  new TroupeError(
    'invalid',
    `"${type}" from ${from} to ${to} does not fit its contract: ${describeMismatch(error, body)}.`,
    {
      data: { type },
    },
  );

const list = (names: readonly string[]) =>
  names.length === 0 ? 'no messages' : names.map((name) => `"${name}"`).join(', ');
