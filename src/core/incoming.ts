/** One thing for an actor to handle: a message from outside, or the end of something the actor started itself. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Outcome } from '../contracts/effect.ts';
import type { Failure, TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { asJson, type Json } from '../values/json.ts';
import type { PendingChild, PendingEffect, PendingTimer, TimerData } from '../contracts/pending.ts';
import type { MachineEvent } from './chart.ts';

/** One thing for an actor to handle. */
export interface Incoming {
  /** The actor started it itself: the mailbox does not count it and never drops it. */
  readonly isInternal: boolean;
  /** The id of the message, or the key of what has ended. */
  readonly id: string;
  /** The event that the machine is given. */
  readonly event: MachineEvent;
  /** The body as it was sent; `null` for an effect and a timer. */
  readonly body: Json;
  /** The sender; undefined for an effect and a timer. */
  readonly from?: Address;
  /** The key of the pending that this settles: when it is no longer pending, this is stale (E3). */
  readonly settles?: string;
  /** The result of an effect, for the ledger. */
  readonly result?: EffectResult | undefined;
  /** Set for a delayed message that is due: the machine takes no step, its event goes to another actor. */
  readonly forward?: {
    /** The actor that gets it. */
    readonly to: Address;
    /** What it gets. */
    readonly event: TimerData['event'];
  };
  /** Set when the caller waits for a reply. */
  readonly ask?: Envelope | undefined;
  /** Milliseconds since the epoch; after that it is not handled (E9). */
  readonly deadline?: number | undefined;
  /** Called when it is committed; `repeated`: it had been committed before. */
  acknowledge(repeated?: true): void;
  /** Called when it is not handled; the error tells the sender why. */
  reject(error: TroupeError): void;
}

/** The result of an effect, as the ledger keeps it. */
export interface EffectResult {
  /** The key under which the effect was performed. */
  readonly key: string;
  /** The name of its logic in `setup({ actors })`. */
  readonly name: string;
  /** What it was given. */
  readonly input: Json;
  /** Its output, or its failure. */
  readonly outcome: Outcome;
}

/** How the sender is told what became of it. */
export type Acknowledgement = Pick<Incoming, 'acknowledge' | 'reject'>;

/** No sender waits for what becomes of it. */
export const noSender: Acknowledgement = { acknowledge() {}, reject() {} };

/** The end of an effect. `inLedger`: its outcome is stored already. */
export function fromEffect({ key, data }: PendingEffect, outcome: Outcome, inLedger: boolean): Incoming {
  const { id, src, input } = data;
  const event = outcome.ok ? ended(id, outcome.output) : failed(id, outcome.failure);
  return {
    isInternal: true,
    id: key,
    event,
    body: null,
    settles: key,
    result: inLedger ? undefined : { key, name: src, input, outcome },
    ...noSender,
  };
}

/** A timer that is due for the actor `owner`: an event for itself, or a message that it sends now. */
export function fromTimer({ key, data }: PendingTimer, owner: Address): Incoming {
  const { event, to } = data;
  const due = { isInternal: true, id: key, event, body: null, settles: key, ...noSender };
  return to === undefined || to === owner ? due : { ...due, forward: { to, event } };
}

/** The message that a child has ended, or the engine's own that a child could not be started. */
export function fromChild(
  id: string,
  from: Address,
  { key, data }: PendingChild,
  end: { output?: Json } | { error: Json | Failure },
  answer: Acknowledgement = noSender,
): Incoming {
  const name = data.id;
  const event = 'error' in end ? failed(name, end.error) : ended(name, end.output ?? null);
  return { isInternal: true, id, from, event, body: asJson(end), settles: key, ...answer };
}

const ended = (id: string, output: Json): MachineEvent => ({ type: `xstate.done.actor.${id}`, output, actorId: id });
const failed = (id: string, error: unknown): MachineEvent => ({ type: `xstate.error.actor.${id}`, error, actorId: id });

/** The event of the commit that this causes. */
export const commitEventOf = ({ id, event, from, body }: Incoming) => ({
  id,
  type: event.type,
  body,
  ...(from === undefined ? {} : { from }),
});
