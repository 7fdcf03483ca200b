/** The transport of a single process: the default, and the one simulations run on. */
import type { Clock } from '../contracts/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import { copy } from './copy.ts';
import { topics } from './topics.ts';
import type { Transport } from './transport.ts';

export interface InProcessOptions {
  /** With a clock, late messages are refused here; without one that is left to the recipient. */
  clock?: Pick<Clock, 'now'>;
}

export function inProcess({ clock }: InProcessOptions = {}): Transport {
  const listeners = new Map<Address, (envelope: Envelope) => Promise<void>>();
  const hearers = topics<(envelope: Envelope, topic: string) => void>();
  let closed = false;
  const requireOpen = () => {
    if (closed) throw new TroupeError('environment', 'This transport was closed; open another one to send or listen.');
  };

  return {
    async send(envelope) {
      const message = sealed(envelope); // T5
      await nextTurn;
      requireOpen();
      if (clock && message.deadline !== undefined && message.deadline < clock.now())
        throw expired(message, clock.now());
      const receive = listeners.get(message.to);
      if (!receive)
        throw new TroupeError('unknown_recipient', `No actor has the address ${message.to}.`, {
          data: { to: message.to },
        });
      await receive(message);
    },

    listen(address, receive) {
      requireOpen();
      if (listeners.has(address)) {
        throw new TroupeError('conflict', `${address} has a listener already; dispose it before another one listens.`);
      }
      listeners.set(address, receive);
      return {
        [Symbol.dispose]() {
          // Disposing twice must not take away the listener that came after.
          if (listeners.get(address) === receive) listeners.delete(address);
        },
      };
    },

    async publish(topic, envelope) {
      const message = sealed(envelope);
      const heard = hearers.match(topic);
      await nextTurn;
      requireOpen();
      for (const { value: hear, gone } of heard) {
        if (gone) continue;
        try {
          hear(heard.length === 1 ? message : sealed(message), topic);
        } catch {
          // A hearer that breaks harms itself: not the publisher, and not who else listens.
        }
      }
    },

    subscribe(pattern, hear) {
      requireOpen();
      return hearers.add(pattern, hear);
    },

    async [Symbol.asyncDispose]() {
      closed = true;
      listeners.clear();
      hearers.clear();
    },
  };
}

/** As over a wire, a recipient never runs inside its sender: two that answer each other cannot exhaust the stack. */
const nextTurn = Promise.resolve();

const sealed = (envelope: Envelope): Envelope => ({ ...envelope, body: copy(envelope.body) });

const expired = ({ type, to, deadline }: Envelope, now: number) =>
  new TroupeError(
    'expired',
    `"${type}" for ${to} was sent ${now - deadline!} ms after its deadline. It was not delivered.`,
  );
