/** A send is over when the recipient has taken the message, or says why it was not taken. */
import { expect, test } from 'vitest';
import { TroupeError } from '../../../values/failure.ts';
import { virtualClock } from '../../clock.ts';
import { arrivalsAt, promiseToSettle, newMessage, opened, refusedAs, type TransportCase } from './fixtures.ts';

export function answerTests(subject: TransportCase) {
  test('a send is over when the recipient has taken the message, not before', async () => {
    await using transport = await opened(subject);
    const gate = promiseToSettle();
    const arrived = promiseToSettle();
    transport.listen('agent/b', async () => {
      arrived.resolve();
      await gate.promise;
    });
    let sent = false;
    const sending = transport.send(newMessage()).then(() => (sent = true));
    await arrived.promise;
    await subject.settle();
    expect(sent).toBe(false);
    gate.resolve();
    await sending;
    expect(sent).toBe(true);
  });

  test('a message whose deadline has passed is refused and not delivered', async () => {
    const clock = virtualClock();
    await using transport = await subject.open(clock);
    const got = arrivalsAt(transport);
    await expect(transport.send(newMessage({ deadline: clock.now() - 1 }))).rejects.toEqual(refusedAs('expired'));
    await transport.send(newMessage({ deadline: clock.now() + 60_000 }));
    expect(got).toHaveLength(1);
  });

  test('a sender learns that the mailbox is full, and may send the same message again', async () => {
    await using transport = await opened(subject);
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
    await using transport = await opened(subject);
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

  test('a message that comes twice has the same id and body, so that a recipient who counts ids takes it once', async () => {
    await using transport = await opened(subject);
    const handled = new Map<string, unknown>();
    let arrivals = 0;
    transport.listen('agent/b', async ({ id, body }) => {
      arrivals++;
      if (!handled.has(id)) handled.set(id, body);
    });
    const message = newMessage({ body: { amount: 5 } });
    await subject.twice(transport, message);
    expect(arrivals).toBe(2);
    expect([...handled]).toEqual([[message.id, { amount: 5 }]]);
  });
}
