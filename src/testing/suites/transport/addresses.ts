/** An address has one listener at a time, and a sender learns when there is none. */
import { expect, test } from 'vitest';
import { arrivalsAt, newMessage, opened, refusedAs, type TransportCase } from './fixtures.ts';

export function addressTests(subject: TransportCase) {
  test('an address without a listener is refused by name', async () => {
    await using transport = await opened(subject);
    await expect(transport.send(newMessage({ to: 'agent/nobody' }))).rejects.toEqual(refusedAs('unknown_recipient'));
    await expect(transport.send(newMessage({ to: 'agent/nobody' }))).rejects.toThrow('agent/nobody');
  });

  test('an address has one listener; a second one is refused and the first goes on', async () => {
    await using transport = await opened(subject);
    const got = arrivalsAt(transport);
    expect(() => transport.listen('agent/b', async () => {})).toThrow(refusedAs('conflict'));
    await transport.send(newMessage());
    expect(got).toHaveLength(1);
  });

  test('a disposed listener is gone, and its address is free', async () => {
    await using transport = await opened(subject);
    const first = transport.listen('agent/b', async () => {});
    first[Symbol.dispose]();
    await expect(transport.send(newMessage())).rejects.toEqual(refusedAs('unknown_recipient'));
    const got = arrivalsAt(transport);
    first[Symbol.dispose]();
    await transport.send(newMessage());
    expect(got).toHaveLength(1);
  });

  test('a closed transport says so', async () => {
    const transport = await opened(subject);
    arrivalsAt(transport);
    await transport[Symbol.asyncDispose]();
    await expect(transport.send(newMessage())).rejects.toEqual(refusedAs('environment'));
    expect(() => transport.listen('agent/c', async () => {})).toThrow(refusedAs('environment'));
  });
}
