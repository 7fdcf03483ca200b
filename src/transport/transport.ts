/**
 * Carries messages between actors. In-process and networked transports behave alike; `testing/suites/transport.ts` says what alike means.
 *
 * T1 Messages from one sender to one recipient arrive in the order sent.
 * T2 `send` resolves when the recipient has taken the message over (its `receive` resolved, hence committed), and not before.
 * T3 A message arrives at least once, and the same one may arrive twice: recipients dedupe by id.
 * T4 `send` rejects with TroupeError `unknown_recipient`, `mailbox_full`, `expired` (deadline passed) or what `receive` rejected with.
 * T5 What the sender does to a message afterwards is not seen by the recipient.
 */
import type { Envelope } from '../contracts/envelope.ts';
import type { Address } from '../contracts/ids.ts';

export interface Transport extends AsyncDisposable {
  send(envelope: Envelope): Promise<void>;
  /**
   * One listener per address; a second one throws `conflict`. `run`: the run that the actor is of; its messages all come under that run, and
   * all its actors listen in one process, so a transport may take in a whole run at once.
   */
  listen(address: Address, receive: (envelope: Envelope) => Promise<void>, run?: string): Disposable;
  /** To everyone who subscribed, at most once each; nobody listening is no error. */
  publish(topic: string, envelope: Envelope): Promise<void>;
  /** `*` is one token of a topic, a trailing `>` all that follow. */
  subscribe(topic: string, hear: (envelope: Envelope, topic: string) => void): Disposable;
}
