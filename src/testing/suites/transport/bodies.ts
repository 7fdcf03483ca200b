/** What arrives is what was sent: every header, every JSON value, and nothing that changes afterwards. */
import { expect, test } from 'vitest';
import type { Envelope } from '../../../contracts/envelope.ts';
import { virtualClock } from '../../clock.ts';
import { knownJson } from '../../jsonValues.ts';
import { change, arrivalsAt, newMessage, opened, refusedAs, type TransportCase } from './fixtures.ts';

export function bodyTests(subject: TransportCase) {
  test('what the sender does to a message afterwards is not seen, nor what the recipient does', async () => {
    await using transport = await opened(subject);
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

  test('every header of an envelope arrives as it was sent', async () => {
    const clock = virtualClock();
    await using transport = await subject.open(clock);
    const got = arrivalsAt(transport);
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
    await using transport = await opened(subject);
    const got = arrivalsAt(transport);
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
    await using transport = await opened(subject);
    const got = arrivalsAt(transport);
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const body of [Number.NaN, 1n, () => 1, new Date(0), new Map(), { deep: [Symbol('s')] }, circle]) {
      await expect(transport.send(newMessage({ body: knownJson(body) }))).rejects.toEqual(refusedAs('invalid'));
    }
    expect(got).toEqual([]);
  });
}
