/** Backends that each break one promise, which the suites must find. Run by broken.test.ts in a Vitest of its own. */
import { journalSuite, transportSuite, type Journal, type Transport } from 'troupe/testing/suites';
import { memory } from '../../src/journal/memory/memory.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import { mapTransport } from './mapTransport.ts';

const transports: Record<string, (inner: Transport) => Partial<Transport>> = {
  'a transport that says taken before it is': (inner) => ({
    send: async (envelope) => void inner.send(envelope).catch(() => {}),
  }),
  'a transport that lets a second one listen': (inner) => ({
    listen(address, receive) {
      try {
        return inner.listen(address, receive);
      } catch {
        return { [Symbol.dispose]() {} };
      }
    },
  }),
  'a transport that delivers once only': (inner) => {
    const sent = new Set<string>();
    return {
      send: async (envelope) => (sent.has(envelope.id) ? undefined : (sent.add(envelope.id), inner.send(envelope))),
    };
  },
  'a transport that forgets deadlines': (inner) => ({
    send: ({ deadline: _, ...envelope }) => inner.send(envelope),
  }),
};

for (const [name, defect] of Object.entries(transports))
  transportSuite(name, {
    async open(clock) {
      const inner = mapTransport(clock.now);
      return overrideMethods(inner, defect(inner));
    },
    twice: async (transport, envelope) => {
      await transport.send(envelope);
      await transport.send(envelope);
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  });

const journals: Record<string, (inner: Journal) => Partial<Journal>> = {
  'a journal that lets a former owner write': (inner) => ({
    commit: (commit) => inner.commit({ ...commit, epoch: 2 }).catch(() => inner.commit({ ...commit, epoch: 1 })),
  }),
  'a journal that handles a message twice': (inner) => ({
    commit: (commit) => inner.commit({ ...commit, event: { ...commit.event, inbox: false } }),
  }),
  'a journal that says stored when it is not': (inner) => ({
    commit: (commit) => inner.commit(commit).catch(() => {}),
  }),
  'a journal that gives mail in another order': (inner) => ({
    mail: async (run) => (await inner.mail(run)).reverse(),
  }),
  'a journal that loses what actors wait for': (inner) => ({
    load: async (actor) => {
      const stored = await inner.load(actor);
      return stored && { ...stored, pending: [] };
    },
  }),
};

for (const [name, defect] of Object.entries(journals))
  journalSuite(name, {
    async open() {
      const inner = memory();
      return overrideMethods(inner, defect(inner));
    },
  });
