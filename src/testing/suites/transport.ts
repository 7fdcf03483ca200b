/** The contract of a transport as tests: T1 to T5, as the interface numbers them. Every implementation runs this suite. */
import { describe, expect, test } from 'vitest';
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../values/failure.ts';
import { virtualClock, type VirtualClock } from '../clock.ts';
import { knownJson } from '../jsonValues.ts';
import type { Transport } from '../../transport/transport.ts';

/** The transport under test. */
export interface TransportCase {
  /** Opens a fresh transport that uses this clock. */
  open: (clock: VirtualClock) => Promise<Transport>;
  /** Delivers a message twice, as a redelivery does. */
  twice: (transport: Transport, envelope: Envelope) => Promise<void>;
  /** Resolves when every published message has reached its subscribers. */
  settle: () => Promise<void>;
}

let count = 0;
const newMessage = (over: Partial<Envelope> = {}): Envelope => ({
  id: `m${count++}`,
  type: 'greet',
  body: {},
  from: 'agent/a',
  to: 'agent/b',
  run: 'r1',
  kind: 'tell',
  ...over,
});

/** Changes a property inside a body in place, as careless code of a recipient would. */
function change(body: unknown, [name, ...inner]: readonly string[], value: unknown): void {
  if (typeof body !== 'object' || body === null || name === undefined) throw new Error('There is nothing to change.');
  if (inner.length > 0) return change(Reflect.get(body, name), inner, value);
  if (!Reflect.set(body, name, value)) throw new TypeError(`"${name}" cannot be changed.`);
}

const refusal = (kind: string) => expect.objectContaining({ name: 'TroupeError', kind });

/**
 * Describes the tests that every transport must pass, ours and yours. Call it in a test file.
 * @example transportSuite('my transport', { open: async (clock) => myTransport({ now: clock.now }), settle: () => bus.idle(), twice: async (transport, envelope) => { await transport.send(envelope); await transport.send(envelope); } });
 */
export function transportSuite(name: string, { open: openWith, twice, settle }: TransportCase) {
  const open = () => openWith(virtualClock());
  const collect = (transport: Transport, address = 'agent/b') => {
    const got: Envelope[] = [];
    transport.listen(address, async (envelope) => void got.push(envelope));
    return got;
  };

  describe(`${name} keeps the transport contract`, () => {
    test('messages of one sender arrive in the order sent', async () => {
      await using transport = await open();
      const got = collect(transport);
      const sent = Array.from({ length: 100 }, (_, n) => newMessage({ body: n }));
      await Promise.all(sent.map((envelope) => transport.send(envelope)));
      expect(got.map(({ body }) => body)).toEqual(sent.map(({ body }) => body));
    });

    test('two senders to one recipient each keep their own order', async () => {
      await using transport = await open();
      const got = collect(transport);
      const sent = Array.from({ length: 40 }, (_, n) =>
        newMessage({ body: n, from: n % 2 ? 'agent/odd' : 'agent/even' }),
      );
      await Promise.all(sent.map((envelope) => transport.send(envelope)));
      const of = (from: string) => got.filter((m) => m.from === from).map(({ body }) => body);
      expect(of('agent/odd')).toEqual(sent.filter((m) => m.from === 'agent/odd').map(({ body }) => body));
      expect(of('agent/even')).toHaveLength(20);
    });

    test('a send is over when the recipient has taken the message, not before', async () => {
      await using transport = await open();
      const gate = deferred();
      const arrived = deferred();
      transport.listen('agent/b', async () => {
        arrived.resolve();
        await gate.promise;
      });
      let sent = false;
      const sending = transport.send(newMessage()).then(() => (sent = true));
      await arrived.promise;
      await settle();
      expect(sent).toBe(false);
      gate.resolve();
      await sending;
      expect(sent).toBe(true);
    });

    test('a recipient that is slow with one message still gets the next', async () => {
      await using transport = await open();
      const gate = deferred();
      const got: unknown[] = [];
      const both = deferred();
      transport.listen('agent/b', async ({ body }) => {
        got.push(body);
        if (got.length === 2) both.resolve();
        await gate.promise;
      });
      const sending = [transport.send(newMessage({ body: 1 })), transport.send(newMessage({ body: 2 }))];
      await both.promise;
      expect(got).toEqual([1, 2]);
      gate.resolve();
      await Promise.all(sending);
    });

    test('a message whose deadline has passed is refused and not delivered', async () => {
      const clock = virtualClock();
      await using transport = await openWith(clock);
      const got = collect(transport);
      await expect(transport.send(newMessage({ deadline: clock.now() - 1 }))).rejects.toEqual(refusal('expired'));
      await transport.send(newMessage({ deadline: clock.now() + 60_000 }));
      expect(got).toHaveLength(1);
    });

    test('a sender learns that the mailbox is full, and may send the same message again', async () => {
      await using transport = await open();
      let room = false;
      const got: string[] = [];
      transport.listen('agent/b', async ({ id }) => {
        if (!room) throw new TroupeError('mailbox_full', 'agent/b has 1000 messages waiting.', { retryAfter: 50 });
        got.push(id);
      });
      const message = newMessage();
      await expect(transport.send(message)).rejects.toMatchObject({
        kind: 'mailbox_full',
        retryable: true,
        retryAfter: 50,
      });
      room = true;
      await transport.send(message);
      expect(got).toEqual([message.id]);
    });

    test('what the recipient refuses with reaches the sender: kind, message, data', async () => {
      await using transport = await open();
      transport.listen('agent/b', async () => {
        throw new TroupeError('conflict', 'agent/b has ended.', { data: { status: 'done' } });
      });
      await expect(transport.send(newMessage())).rejects.toMatchObject({
        name: 'TroupeError',
        kind: 'conflict',
        message: 'agent/b has ended.',
        data: { status: 'done' },
        retryable: false,
      });
    });

    test('a refused message does not hold up the one behind it', async () => {
      await using transport = await open();
      const got: unknown[] = [];
      transport.listen('agent/b', async ({ body }) => {
        if (body === 'bad') throw new TroupeError('invalid', 'no');
        got.push(body);
      });
      const ends = await Promise.allSettled(['one', 'bad', 'two'].map((body) => transport.send(newMessage({ body }))));
      expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(got).toEqual(['one', 'two']);
    });

    test('an address without a listener is refused by name', async () => {
      await using transport = await open();
      await expect(transport.send(newMessage({ to: 'agent/nobody' }))).rejects.toEqual(refusal('unknown_recipient'));
      await expect(transport.send(newMessage({ to: 'agent/nobody' }))).rejects.toThrow('agent/nobody');
    });

    test('a message that comes twice has the same id and body, so that a recipient who counts ids takes it once', async () => {
      await using transport = await open();
      const handled = new Map<string, unknown>();
      let arrivals = 0;
      transport.listen('agent/b', async ({ id, body }) => {
        arrivals++;
        if (!handled.has(id)) handled.set(id, body);
      });
      const message = newMessage({ body: { amount: 5 } });
      await twice(transport, message);
      expect(arrivals).toBe(2);
      expect([...handled]).toEqual([[message.id, { amount: 5 }]]);
    });

    test('an address has one listener; a second one is refused and the first goes on', async () => {
      await using transport = await open();
      const got = collect(transport);
      expect(() => transport.listen('agent/b', async () => {})).toThrow(refusal('conflict'));
      await transport.send(newMessage());
      expect(got).toHaveLength(1);
    });

    test('a disposed listener is gone, and its address is free', async () => {
      await using transport = await open();
      const first = transport.listen('agent/b', async () => {});
      first[Symbol.dispose]();
      await expect(transport.send(newMessage())).rejects.toEqual(refusal('unknown_recipient'));
      const got = collect(transport);
      first[Symbol.dispose]();
      await transport.send(newMessage());
      expect(got).toHaveLength(1);
    });

    test('what the sender does to a message afterwards is not seen, nor what the recipient does', async () => {
      await using transport = await open();
      const body = { list: [1, 2], deep: { word: 'said' } };
      const got: Envelope[] = [];
      transport.listen('agent/b', async (envelope) => {
        got.push(structuredClone(envelope));
        change(envelope.body, ['deep', 'word'], 'changed by the recipient');
      });
      const sending = transport.send(newMessage({ body }));
      body.list.push(3);
      body.deep.word = 'changed by the sender';
      await sending;
      expect(got[0]?.body).toEqual({ list: [1, 2], deep: { word: 'said' } });
      expect(body.deep.word).toBe('changed by the sender');
    });

    test('two that answer each other many times over do not run out of stack', async () => {
      await using transport = await open();
      const done = deferred();
      const bounce =
        (to: string, from: string) =>
        async ({ body }: Envelope) => {
          const n = Number(body);
          if (n === 0) done.resolve();
          else transport.send(newMessage({ to, from, body: n - 1 })).catch(done.reject);
        };
      transport.listen('agent/a', bounce('agent/b', 'agent/a'));
      transport.listen('agent/b', bounce('agent/a', 'agent/b'));
      await transport.send(newMessage({ to: 'agent/a', body: 5_000 }));
      await done.promise;
    });

    test('every header of an envelope arrives as it was sent', async () => {
      const clock = virtualClock();
      await using transport = await openWith(clock);
      const got = collect(transport);
      const message = newMessage({
        kind: 'ask',
        correlation: 'c1',
        causation: 'm0',
        deadline: clock.now() + 60_000,
      });
      await transport.send(message);
      expect(got).toEqual([message]);
    });

    test('odd bodies arrive whole: large ones, empty ones, "__proto__" as a key, lone surrogates, NUL', async () => {
      await using transport = await open();
      const got = collect(transport);
      const bodies = [
        null,
        '',
        0,
        [],
        {},
        -1.5e300,
        'x'.repeat(1_000_000),
        'lone \ud800 surrogate \udfff',
        'a\0b',
        '\u2028',
        { '': { ' ': '\ud83d\ude00' } },
        JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1},"a":[{"__proto__":[]}]}'),
        JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`),
        Array.from({ length: 20_000 }, (_, n) => ({ n, word: `entry ${n}` })),
      ];
      for (const body of bodies) await transport.send(newMessage({ body }));
      expect(got.map(({ body }) => JSON.stringify(body))).toEqual(bodies.map((body) => JSON.stringify(body)));
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
      expect(Object.getPrototypeOf(got[11]?.body)).toBe(Object.prototype);
    });

    test('a body that is not JSON is refused instead of arriving as something else', async () => {
      await using transport = await open();
      const got = collect(transport);
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      for (const body of [Number.NaN, 1n, () => 1, new Date(0), new Map(), { deep: [Symbol('s')] }, circle]) {
        await expect(transport.send(newMessage({ body: knownJson(body) }))).rejects.toEqual(refusal('invalid'));
      }
      expect(got).toEqual([]);
    });

    test.each([
      ['agent.a.thought', 'agent.a.thought', true],
      ['agent.a.thought', 'agent.b.thought', false],
      ['agent.*.thought', 'agent.a.thought', true],
      ['agent.*.thought', 'agent.a.b.thought', false],
      ['*.*.*', 'agent.a.thought', true],
      ['*', 'agent.a', false],
      ['agent.>', 'agent.a.thought', true],
      ['agent.>', 'agent', false],
      ['>', 'agent', true],
      ['agent.a', 'agent.a.thought', false],
      ['agent.a.+', 'agent.a.b', false],
      ['a.__proto__.>', 'a.__proto__.b', true],
    ])('a subscription to %s and the topic %s: %s', async (pattern, topic, hears) => {
      await using transport = await open();
      const heard: string[] = [];
      using _ = transport.subscribe(pattern, (_envelope, on) => heard.push(on));
      await transport.publish(topic, newMessage({ kind: 'event' }));
      await settle();
      expect(heard).toEqual(hears ? [topic] : []);
    });

    test('every subscriber gets an event once, even when another one throws or changes it', async () => {
      await using transport = await open();
      const heard: unknown[] = [];
      transport.subscribe('news.>', () => {
        throw new Error('this hearer is broken');
      });
      transport.subscribe('news.*', ({ body }) => {
        heard.push(structuredClone(body));
        change(body, ['n'], 99);
      });
      transport.subscribe('news.today', ({ body }) => heard.push(structuredClone(body)));
      await transport.publish('news.today', newMessage({ body: { n: 1 } }));
      await settle();
      expect(heard).toEqual([{ n: 1 }, { n: 1 }]);
    });

    test('a topic without subscribers is no error, and a disposed subscription gets nothing', async () => {
      await using transport = await open();
      const heard: string[] = [];
      const subscription = transport.subscribe('>', (_, topic) => heard.push(topic));
      await transport.publish('a.b', newMessage());
      await settle();
      subscription[Symbol.dispose]();
      subscription[Symbol.dispose]();
      await transport.publish('a.b', newMessage());
      await settle();
      expect(heard).toEqual(['a.b']);
    });

    test.each(['', '.', 'a..b', 'a b', 'a.>.b', 'a*.b'])('the pattern %j is refused', async (pattern) => {
      await using transport = await open();
      expect(() => transport.subscribe(pattern, () => {})).toThrow(refusal('invalid'));
    });

    test.each(['', 'a.*', 'a.>', 'a..b'])('nothing is published to the topic %j', async (topic) => {
      await using transport = await open();
      await expect(transport.publish(topic, newMessage())).rejects.toEqual(refusal('invalid'));
    });

    test('a closed transport says so', async () => {
      const transport = await open();
      collect(transport);
      await transport[Symbol.asyncDispose]();
      await expect(transport.send(newMessage())).rejects.toEqual(refusal('environment'));
      expect(() => transport.listen('agent/c', async () => {})).toThrow(refusal('environment'));
    });
  });
}

function deferred() {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
