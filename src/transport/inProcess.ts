/** The transport inside a single process: the default, and the one that simulations use. */
import type { Clock } from '../values/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { copyJson } from '../values/copyJson.ts';
import { topicTree } from './topics.ts';
import type { HostedActors, Listen, Transport } from './transport.ts';

/** How it is made. */
export interface InProcessOptions {
  /** With a clock, `send` rejects a message whose deadline has passed. Default: only the recipient checks deadlines. */
  clock?: Pick<Clock, 'now'>;
}

/** Makes a transport for the actors of this process. */
export function inProcess({ clock }: InProcessOptions = {}): Transport {
  const listeners = new Map<Address, Receive>();
  const hosts = new Set<HostedActors>();
  const subscribers = topicTree<(envelope: Envelope, topic: string) => void>();
  let closed = false;
  const requireOpen = () => {
    if (closed) throw new TroupeError('environment', 'This transport was closed; open another one to send or listen.');
  };
  const hostOf = (address: Address): HostedActors | undefined => {
    for (const host of hosts) if (host.has(address)) return host;
    return undefined;
  };
  const requireFree = (address: Address) => {
    requireOpen();
    if (listeners.has(address) || hostOf(address))
      throw new TroupeError('conflict', `${address} has a listener already; dispose it before another one listens.`);
  };
  const listen: Listen = (address, receive) => {
    requireFree(address);
    listeners.set(address, receive);
    return {
      // Disposing twice must not take away the listener that came after.
      [Symbol.dispose]: () => void (listeners.get(address) === receive && listeners.delete(address)),
    };
  };
  const forHost: Listen['forHost'] = (actors) => {
    hosts.add(actors);
    return { requireFree, [Symbol.dispose]: () => void hosts.delete(actors) };
  };

  return {
    async send(envelope) {
      const message = copied(envelope); // T5
      await nextTurn;
      requireOpen();
      if (clock && message.deadline !== undefined && message.deadline < clock.now())
        throw expired(message, clock.now() - message.deadline);
      const receive = listeners.get(message.to);
      if (receive) return receive(message);
      const host = hostOf(message.to);
      if (!host)
        throw new TroupeError('unknown_recipient', `No actor has the address ${message.to}.`, {
          data: { to: message.to },
        });
      await host.receive(message);
    },

    listen: Object.assign(listen, { forHost }),

    async publish(topic, envelope) {
      const message = copied(envelope);
      const matched = subscribers.match(topic);
      await nextTurn;
      requireOpen();
      for (const { value: deliver, gone } of matched) {
        if (gone) continue;
        try {
          deliver(matched.length === 1 ? message : copied(message), topic);
        } catch {
          // An error of one subscriber must not reach the publisher or the other subscribers.
        }
      }
    },

    subscribe(pattern, deliver) {
      requireOpen();
      return subscribers.add(pattern, deliver);
    },

    async [Symbol.asyncDispose]() {
      closed = true;
      listeners.clear();
      hosts.clear();
      subscribers.clear();
    },
  };
}

type Receive = (envelope: Envelope) => Promise<void>;

/** As over a network, a recipient never runs inside the call of its sender: so two actors that answer each other cannot exhaust the stack. */
const nextTurn = Promise.resolve();

const copied = (envelope: Envelope): Envelope => ({ ...envelope, body: copyJson(envelope.body) });

/** `late`: milliseconds since the deadline. */
const expired = ({ type, to }: Envelope, late: number) =>
  new TroupeError('expired', `"${type}" for ${to} was sent ${late} ms after its deadline. It was not delivered.`);
