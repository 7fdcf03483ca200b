/** Messages of one sender arrive in the order sent, and none waits for a slow or a refused one. */
import { expect, test } from 'vitest';
import type { Envelope } from '../../../contracts/envelope.ts';
import { TroupeError } from '../../../values/failure.ts';
import { arrivalsAt, promiseToSettle, newMessage, opened, type TransportCase } from './fixtures.ts';

export function orderTests(subject: TransportCase) {
  test('messages of one sender arrive in the order sent', async () => {
    await using transport = await opened(subject);
    const got = arrivalsAt(transport);
    const sent = Array.from({ length: 100 }, (_, n) => newMessage({ body: n }));
    await Promise.all(sent.map((envelope) => transport.send(envelope)));
    expect(got.map(({ body }) => body)).toEqual(sent.map(({ body }) => body));
  });

  test('two senders to one recipient each keep their own order', async () => {
    await using transport = await opened(subject);
    const got = arrivalsAt(transport);
    const sent = Array.from({ length: 40 }, (_, n) =>
      newMessage({ body: n, from: n % 2 ? 'agent/odd' : 'agent/even' }),
    );
    await Promise.all(sent.map((envelope) => transport.send(envelope)));
    const of = (from: string) => got.filter((m) => m.from === from).map(({ body }) => body);
    expect(of('agent/odd')).toEqual(sent.filter((m) => m.from === 'agent/odd').map(({ body }) => body));
    expect(of('agent/even')).toHaveLength(20);
  });

  test('a recipient that is slow with one message still gets the next', async () => {
    await using transport = await opened(subject);
    const gate = promiseToSettle();
    const got: unknown[] = [];
    const both = promiseToSettle();
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

  test('a refused message does not hold up the one behind it', async () => {
    await using transport = await opened(subject);
    const got: unknown[] = [];
    transport.listen('agent/b', async ({ body }) => {
      if (body === 'bad') throw new TroupeError('invalid', 'no');
      got.push(body);
    });
    const ends = await Promise.allSettled(['one', 'bad', 'two'].map((body) => transport.send(newMessage({ body }))));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(got).toEqual(['one', 'two']);
  });

  test('two that answer each other many times over do not run out of stack', async () => {
    await using transport = await opened(subject);
    const done = promiseToSettle();
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
}
