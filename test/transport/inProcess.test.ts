import { expect, test } from 'vitest';
import { virtualClock } from '../../src/testing/clock.ts';
import { newMessage } from '../../src/testing/suites/transport/fixtures.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import type { HostedActors, HostListening, Transport } from '../../src/transport/transport.ts';
import { transportSuite } from 'troupe/testing/suites';

/** A host of a transport, with the addresses that it has. */
function hostOn({ listen }: Pick<Transport, 'listen'>) {
  const actors = new Map<string, HostedActors['receive']>();
  const listening = listen.forHost?.({
    has: (address) => actors.has(address),
    receive: async (envelope) => await actors.get(envelope.to)?.(envelope),
  });
  if (!listening) throw new Error('This transport has listeners only.');
  return { actors, listening: listening satisfies HostListening };
}

transportSuite('inProcess', {
  open: async (clock) => inProcess({ clock }),
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: () => new Promise((resolve) => setImmediate(resolve)),
});

transportSuite('inProcess, to the actors of a host', {
  open: async (clock) => {
    const transport = inProcess({ clock });
    const { actors, listening } = hostOn(transport);
    return {
      ...transport,
      listen(address, receive) {
        listening.requireFree(address);
        actors.set(address, receive);
        return { [Symbol.dispose]: () => void (actors.get(address) === receive && actors.delete(address)) };
      },
    };
  },
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: () => new Promise((resolve) => setImmediate(resolve)),
});

test('a message is in time at its very deadline, and late a millisecond after it', async () => {
  const clock = virtualClock();
  await using transport = inProcess({ clock });
  const got: string[] = [];
  transport.listen('agent/b', async ({ id }) => void got.push(id));
  const deadline = clock.now();
  await transport.send(newMessage({ id: 'in time', deadline }));
  clock.advance(1);
  await expect(transport.send(newMessage({ id: 'late', deadline }))).rejects.toMatchObject({ kind: 'expired' });
  expect(got).toEqual(['in time']);
});

test('what one subscriber does to a message is not seen by the next, and one that is disposed meanwhile gets none', async () => {
  await using transport = inProcess();
  const got: unknown[] = [];
  transport.subscribe('news', ({ body }) => {
    (body as { text: string }).text = 'changed';
    second[Symbol.dispose]();
  });
  const second = transport.subscribe('news', () => void got.push('disposed'));
  transport.subscribe('*', ({ body }) => void got.push(body));
  await transport.publish('news', newMessage({ body: { text: 'as sent' } }));
  expect(got).toEqual([{ text: 'as sent' }]);
});

test('a property that is undefined is left out, as JSON leaves it out', async () => {
  await using transport = inProcess();
  const got: unknown[] = [];
  transport.listen('agent/b', async ({ body }) => void got.push(body));
  await transport.send(newMessage({ body: { here: 1, gone: undefined, inner: [{ gone: undefined }] } as never }));
  expect(got).toStrictEqual([{ here: 1, inner: [{}] }]);
});

test('an address is that of one host or of one listener', async () => {
  await using transport = inProcess();
  const [one, two] = [hostOn(transport), hostOn(transport)];
  one.actors.set('agent/b', async () => {});
  expect(() => two.listening.requireFree('agent/b')).toThrow('agent/b has a listener already');
  expect(() => transport.listen('agent/b', async () => {})).toThrow('agent/b has a listener already');
  const listener = transport.listen('agent/c', async () => {});
  expect(() => two.listening.requireFree('agent/c')).toThrow('agent/c has a listener already');
  listener[Symbol.dispose]();
  two.listening.requireFree('agent/c');
});

test('a host that has gone takes no more messages, and its addresses are free', async () => {
  await using transport = inProcess();
  const [gone, next] = [hostOn(transport), hostOn(transport)];
  const got: string[] = [];
  gone.actors.set('agent/b', async () => void got.push('the host that has gone'));
  await transport.send(newMessage());
  gone.listening[Symbol.dispose]();
  await expect(transport.send(newMessage())).rejects.toMatchObject({ kind: 'unknown_recipient' });
  next.listening.requireFree('agent/b');
  next.actors.set('agent/b', async () => void got.push('the next one'));
  await transport.send(newMessage());
  expect(got).toEqual(['the host that has gone', 'the next one']);
});

test('a transport that wraps another one and listens itself gets a listener for each actor', async () => {
  await using inner = inProcess();
  const outer: Transport = { ...inner, listen: (address, receive) => inner.listen(address, receive) };
  expect(inner.listen.forHost).toBeDefined();
  expect(outer.listen.forHost).toBeUndefined();
});
