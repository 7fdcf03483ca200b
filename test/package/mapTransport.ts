/** A custom transport, as a user would write it: listeners in a map, with only the interface and the errors of the package. */
import { TroupeError } from 'troupe';
import type { Envelope, Transport } from 'troupe/testing/suites';

type Receive = (envelope: Envelope) => Promise<void>;

export function mapTransport(now: () => number): Transport {
  const listeners = new Map<string, Receive>();
  const receivers = new Set<{ pattern: string[]; hear: (envelope: Envelope, topic: string) => void }>();
  let closed = false;
  const requireOpen = () => {
    if (closed) throw new TroupeError('environment', 'This transport is closed.');
  };

  return {
    async send(envelope) {
      requireOpen();
      const { to, deadline = Infinity } = envelope;
      if (deadline <= now()) throw new TroupeError('expired', `The deadline of ${envelope.id} has passed.`);
      const copy = copied(envelope);
      const receive = listeners.get(to);
      if (!receive) throw new TroupeError('unknown_recipient', `Nobody listens at ${to}.`);
      await Promise.resolve(); // A receiver that sends an answer must not deepen the stack.
      await receive(copy);
    },
    listen(address, receive) {
      requireOpen();
      if (listeners.has(address)) throw new TroupeError('conflict', `Somebody listens at ${address} already.`);
      listeners.set(address, receive);
      return { [Symbol.dispose]: () => void (listeners.get(address) === receive && listeners.delete(address)) };
    },
    async publish(topic, envelope) {
      requireOpen();
      const words = topic.split('.');
      if (words.some((word) => !/^[^\s*>]+$/.test(word))) throw new TroupeError('invalid', `"${topic}" is no topic.`);
      for (const { pattern, hear } of receivers) {
        try {
          if (fits(pattern, words)) hear(copied(envelope), topic);
        } catch {
          // A listener that throws does not affect the sender.
        }
      }
    },
    subscribe(topic, hear) {
      requireOpen();
      const pattern = topic.split('.');
      const isPattern = pattern.every((word, at) =>
        word === '>' ? at === pattern.length - 1 : word === '*' || /^[^\s*>]+$/.test(word),
      );
      if (!isPattern) throw new TroupeError('invalid', `"${topic}" is no pattern of topics.`);
      const receiver = { pattern, hear };
      receivers.add(receiver);
      return { [Symbol.dispose]: () => void receivers.delete(receiver) };
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

/** A copy through JSON, which must not lose anything. */
function copied(envelope: Envelope): Envelope {
  requireJson(envelope.body, new Set());
  return JSON.parse(JSON.stringify(envelope)) as Envelope;
}

function requireJson(value: unknown, above: ReadonlySet<unknown>): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return;
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (above.has(value) || (prototype !== Object.prototype && prototype !== Array.prototype))
    throw new TroupeError('invalid', 'A body is JSON; this one holds something else.');
  for (const inner of Object.values(value as object)) requireJson(inner, new Set([...above, value]));
}

const fits = (pattern: readonly string[], topic: readonly string[]): boolean =>
  pattern.at(-1) === '>'
    ? topic.length >= pattern.length && fits(pattern.slice(0, -1), topic.slice(0, pattern.length - 1))
    : pattern.length === topic.length && pattern.every((word, at) => word === '*' || word === topic[at]);
