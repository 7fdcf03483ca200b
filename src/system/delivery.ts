/** One thing for an actor to handle: a message from somebody, or the end of something it asked for itself. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Outcome } from '../contracts/effect.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Pending } from '../journal/journal.ts';
import type { ActorType } from './actorType.ts';
import type { MachineEvent } from './chart.ts';
import type { EffectData, TimerData } from './outbox.ts';

export interface Delivery {
  /** Asked for by the actor itself: not counted by the mailbox, and not expendable. */
  readonly own: boolean;
  readonly id: string;
  readonly event: MachineEvent;
  readonly body: Json;
  readonly from?: Address;
  /** The pending that this settles: when it is pending no more, the delivery is stale (E3). */
  readonly settles?: string;
  readonly result?: { key: string; name: string; input: Json; outcome: Outcome };
  /** Somebody waits for an answer to this. */
  readonly ask?: Envelope;
  done(): void;
  refuse(error: TroupeError): void;
}

const nobody = { done() {}, refuse() {} };

export function fromEffect({ key, data }: Pending, outcome: Outcome): Delivery {
  const { id, src, input } = data as unknown as EffectData;
  const event = outcome.ok ? ended(id, outcome.output) : broke(id, outcome.failure);
  return { own: true, id: key, event, body: null, settles: key, result: { key, name: src, input, outcome }, ...nobody };
}

export function fromTimer({ key, data }: Pending): Delivery {
  const { event } = data as unknown as TimerData;
  return { own: true, id: key, event, body: null, settles: key, ...nobody };
}

export const ended = (id: string, output: Json): MachineEvent => ({
  type: `xstate.done.actor.${id}`,
  output,
  actorId: id,
});
export const broke = (id: string, error: unknown): MachineEvent => ({
  type: `xstate.error.actor.${id}`,
  error,
  actorId: id,
});

/** Reads an envelope at the door: what does not fit its contract goes no further. Throws `invalid`, `unknown_message` or `denied`. */
export function fromEnvelope(
  type: ActorType,
  envelope: Envelope,
  child: (key: string) => Pending | undefined,
  answer: Pick<Delivery, 'done' | 'refuse'>,
): Delivery {
  const { id, from, body } = envelope;
  const base = { own: false, id, from, body: body as Json, ...answer };
  if (envelope.type.startsWith('xstate.')) return { ...base, ...fromChild(envelope, child), own: true };
  if (envelope.kind === 'signal') return { ...base, event: signal(type, envelope) };

  const schema = Object.hasOwn(type.handles ?? {}, envelope.type) ? type.handles![envelope.type] : undefined;
  if (!schema && type.handles && (envelope.kind === 'ask' || envelope.kind === 'tell')) {
    throw new TroupeError(
      'unknown_message',
      `${envelope.to} takes ${list(Object.keys(type.handles))}; it got "${envelope.type}" from ${from}.`,
    );
  }
  const parsed = schema?.safeParse(body);
  if (parsed && !parsed.success) throw misfit(envelope, parsed.error.issues);
  const { kind, correlation, deadline } = envelope;
  const meta = {
    id,
    from,
    kind,
    ...(correlation === undefined ? {} : { correlation }),
    ...(deadline === undefined ? {} : { deadline }),
  };
  const event = { type: envelope.type, body: parsed ? (parsed.data as Json) : body, meta };
  return { ...base, event, ...(kind === 'ask' ? { ask: envelope } : {}) };
}

/** The end of a child. Only the child that is pending may say so: nobody can forge one. */
function fromChild(
  envelope: Envelope,
  child: (key: string) => Pending | undefined,
): { event: MachineEvent; settles: string } {
  const { key, output, error } = envelope.body as { key: string; output?: Json; error?: Json };
  const pending = child(key);
  const { address, id } = (pending?.data ?? {}) as { address?: Address; id?: string };
  if (pending && address !== envelope.from)
    throw new TroupeError('denied', `${envelope.from} is not the child that "${envelope.type}" speaks of.`);
  const name = id ?? '';
  return {
    event: envelope.type.startsWith('xstate.done.') ? ended(name, output ?? null) : broke(name, error),
    settles: key,
  };
}

function signal(type: ActorType, envelope: Envelope): MachineEvent {
  const body = envelope.body as JsonObject;
  const event = {
    ...(typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}),
    type: envelope.type,
  };
  const parsed = type.signals?.safeParse(event);
  if (parsed && !parsed.success) throw misfit(envelope, parsed.error.issues);
  return (parsed?.data as MachineEvent | undefined) ?? event;
}

const misfit = (envelope: Envelope, issues: readonly { path: readonly PropertyKey[]; message: string }[]) =>
  new TroupeError(
    'invalid',
    `"${envelope.type}" from ${envelope.from} to ${envelope.to} does not fit its contract: ${issues.map((i) => `${i.path.map(String).join('.') || 'body'}: ${i.message}`).join('; ')}.`,
    {
      data: { type: envelope.type, issues: issues.map(({ path, message }) => ({ path: path.map(String), message })) },
    },
  );

const list = (names: readonly string[]) =>
  names.length === 0 ? 'no messages' : names.map((name) => `"${name}"`).join(', ');
