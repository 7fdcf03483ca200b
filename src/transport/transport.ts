/**
 * Carries messages between actors. Transports inside a process and over a network behave alike; `testing/suites/transport.ts` is the suite that both pass.
 *
 * T1 Messages from one sender to one recipient arrive in the order sent.
 * T2 `send` resolves when the recipient has accepted the message (its `receive` resolved, so the message is committed), and not before.
 * T3 A message arrives at least once, and the same one may arrive twice: recipients dedupe by id.
 * T4 `send` rejects with TroupeError `unknown_recipient`, `mailbox_full`, `expired` (deadline passed) or what `receive` rejected with.
 * T5 A change that the sender makes to a message after `send` is not seen by the recipient.
 */
import type { Envelope } from '../contracts/envelope.ts';
import type { Address } from '../values/ids.ts';

/** A transport. */
export interface Transport extends AsyncDisposable {
  /** Delivers to the one listener at `envelope.to` (T1 to T5). */
  send(envelope: Envelope): Promise<void>;
  /**
   * Listens at an address. A second listener at the same address throws `conflict`. `run`: the run of the actor. All messages to it come under that run, and
   * all actors of the run listen in one process, so a transport may subscribe once for the whole run.
   */
  listen(address: Address, receive: (envelope: Envelope) => Promise<void>, run?: string): Disposable;
  /** Delivers to each subscriber, at most once. It is no error when there is none. */
  publish(topic: string, envelope: Envelope): Promise<void>;
  /** Subscribes to a topic, or to a pattern of topics: `*` matches one token, and a trailing `>` all that follow. */
  subscribe(topic: string, deliver: (envelope: Envelope, topic: string) => void): Disposable;
}
