/**
 * Carries messages between actors. Transports inside a process and over a network behave alike; `testing/suites/transport/` is the suite that both pass.
 *
 * T1 Messages from one sender to one recipient arrive in the order in which they were sent.
 * T2 `send` resolves after the recipient's `receive` has resolved. By then the message is committed.
 * T3 A message arrives at least once. It may arrive again under the same id, so a recipient ignores ids that it has handled.
 * T4 `send` rejects with a TroupeError: `unknown_recipient`, `mailbox_full`, `expired` (the deadline has passed), or the error that `receive`
 *    rejected with.
 * T5 The recipient gets the message as it was when `send` was called. Later changes by the sender are not seen.
 */
import type { Envelope } from '../contracts/envelope.ts';
import type { Address } from '../values/ids.ts';

/** The actors of one host. */
export interface HostedActors {
  /** Does the host take messages to this address now? */
  has(address: Address): boolean;
  /** Takes a message over, or rejects it, as a listener does. */
  receive(envelope: Envelope): Promise<void>;
}

/** A host that is asked by a transport, until it is disposed. */
export interface HostListening extends Disposable {
  /** Throws `conflict` when the address has a listener or is an actor of a host. */
  requireFree(address: Address): void;
}

/** Listens. A transport that wraps another one and has a `listen` of its own has no `forHost`, and gets a listener for each actor. */
export interface Listen {
  /**
   * Listens at an address. A second listener at the same address throws `conflict`. `run`: the run of the actor. All messages to it come under that run, and
   * all actors of the run listen in one process, so a transport may subscribe once for the whole run. `isForRun`: it takes the messages to those actors of the run,
   * too, that have no listener, because the run is not loaded; a transport that finds them in another way leaves it out. False by default.
   */
  (address: Address, receive: (envelope: Envelope) => Promise<void>, run?: string, isForRun?: boolean): Disposable;
  /** Listens at all addresses that a host has, also later: for a transport inside a process, where a listener for each resting actor would take more memory than the actor. */
  readonly forHost?: (actors: HostedActors) => HostListening;
}

/** A transport. */
export interface Transport extends AsyncDisposable {
  /** Delivers to the one listener at `envelope.to` (T1 to T5). */
  send(envelope: Envelope): Promise<void>;
  /** Listens at an address, or for a host. */
  readonly listen: Listen;
  /** Delivers to each subscriber, at most once. It is no error when there is none. */
  publish(topic: string, envelope: Envelope): Promise<void>;
  /** Subscribes to a topic, or to a pattern of topics: `*` matches one token, and a trailing `>` all that follow. */
  subscribe(topic: string, deliver: (envelope: Envelope, topic: string) => void): Disposable;
}
