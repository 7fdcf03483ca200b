/** Messages wait until they are handled, once; those that cannot be delivered become dead letters. */
import { expect, test } from 'vitest';
import type { Envelope } from '../../../contracts/envelope.ts';
import { commitTime } from '../commit.ts';
import { asked, begin, commitOf, dead, message, refusedWith, type JournalCase } from './fixtures.ts';

export function messageTests(subject: JournalCase) {
  test('a message is handled once, and what was answered to it can be asked for', async () => {
    await using journal = await begin(subject);
    const event = { id: 'm1', type: 'ping', from: 'door/x', body: { n: 1 }, inbox: true };
    const reply = message('agent/r.a/1/0', { correlation: 'm1' });
    await journal.commit(commitOf({ event, opens: [{ key: reply.id, kind: 'message', data: reply }] }));
    await expect(journal.commit(commitOf({ seq: 2, event }))).rejects.toEqual(
      refusedWith('conflict', { duplicate: true }),
    );
    journal.settle('r', [reply.id]);
    await journal.commit(commitOf({ seq: 2 }));
    expect(await journal.handled('agent/r.a', 'm1')).toEqual({ seq: 1, body: { n: 1 }, reply });
    expect(await journal.handled('agent/r.a', 'm2')).toBeUndefined();
    expect((await journal.load('agent/r.a'))?.pending).toEqual([]);
  });

  test('of several answers to a message the last one can be asked for', async () => {
    await using journal = await begin(subject);
    const asks = ['m1', 'm2'].map((id) => ({ id, type: 'ping', from: 'door/x', body: {}, inbox: true }));
    const replies = ['1/0', '1/1', '2/0', '2/1'].map((place, nth) =>
      message(`agent/r.a/${place}`, { correlation: nth < 3 ? 'm1' : 'm2' }),
    );
    const opened = (...envelopes: readonly (Envelope | undefined)[]) =>
      envelopes.flatMap((data) => (data ? [{ key: data.id, kind: 'message' as const, data }] : []));
    await journal.commit(commitOf({ ...(asks[0] ? { event: asks[0] } : {}), opens: opened(replies[0], replies[1]) }));
    expect((await journal.handled('agent/r.a', 'm1'))?.reply).toEqual(replies[1]);
    await journal.commit(
      commitOf({ seq: 2, ...(asks[1] ? { event: asks[1] } : {}), opens: opened(replies[2], replies[3]) }),
    );
    expect((await journal.handled('agent/r.a', 'm1'))?.reply).toEqual(replies[2]);
    expect((await journal.handled('agent/r.a', 'm2'))?.reply).toEqual(replies[3]);
  });

  test('messages that were not delivered are found, also of an actor that has ended', async () => {
    await using journal = await begin(subject);
    const [first, second, last] = [message('agent/r.a/1/0'), message('agent/r.a/1/1'), message('agent/r.a/2/0')];
    const opened = (...envelopes: Envelope[]) =>
      envelopes.map((envelope) => ({
        key: envelope.id,
        kind: 'message' as const,
        data: envelope,
      }));
    await journal.commit(commitOf({ opens: opened(first, second) }));
    await journal.commit(commitOf({ seq: 2, status: 'done', opens: opened(last) }));
    journal.settle('r', [first.id]);
    await journal.commit(commitOf({ actor: 'agent/r.b' }));
    expect(await journal.undelivered('r')).toEqual([second, last]);
    expect(await journal.undelivered('other')).toEqual([]);
  });

  test('a message that cannot be delivered is kept by its recipient, or by the root of the run, and waits nowhere any more', async () => {
    await using journal = await begin(subject);
    const unread = message('agent/r.a/1/0', { to: 'agent/r.b' });
    await journal.commit(
      commitOf({
        opens: [{ key: unread.id, kind: 'message', data: unread }],
        appends: [dead('d0')],
      }),
    );
    await journal.post(message('m1', { to: 'agent/r.b' }));
    await journal.commit(commitOf({ actor: 'agent/r.b', parent: 'agent/r.a', status: 'done' }));
    await journal.bury('r', 1, dead(unread.id, 'agent/r.b').entry);
    await journal.bury('r', 1, dead('m1', 'agent/r.nobody').entry);
    expect(await journal.list('agent/r.b', 'dead')).toEqual([dead(unread.id, 'agent/r.b').entry]);
    expect(await journal.list('agent/r.a', 'dead')).toEqual([dead('d0').entry, dead('m1', 'agent/r.nobody').entry]);
    expect([await journal.undelivered('r'), await journal.mail('r')]).toEqual([[], []]);
    await journal.commit(commitOf({ seq: 2, appends: [dead('d2')] }));
    expect((await journal.load('agent/r.a'))?.lists).toEqual({ dead: 3 });
    expect((await journal.verify()).damage).toEqual([]);
  });

  test('a dead letter of a run is kept by that run, also when its recipient is an actor of another', async () => {
    await using journal = await begin(subject);
    await journal.claim('other', 'you', { now: commitTime, ttl: 1_000 });
    await journal.commit(commitOf({ run: 'other', actor: 'agent/other' }));
    await journal.commit(commitOf());
    const letter = dead('d1', 'agent/other').entry;
    await journal.bury('r', 1, letter);
    expect(await journal.list('agent/other', 'dead')).toEqual([]);
    expect(await journal.list('agent/r.a', 'dead')).toEqual([letter]);
    await expect(journal.bury('unclaimed', 1, letter)).rejects.toEqual(refusedWith('fenced'));
  });

  test('a dead letter settles messages only, whatever it is called', async () => {
    await using journal = await begin(subject);
    await journal.commit(commitOf({ opens: [{ key: 'agent/r.a/1/0', kind: 'effect', data: asked }] }));
    await journal.bury('r', 1, dead('agent/r.a/1/0').entry);
    expect((await journal.load('agent/r.a'))?.pending).toHaveLength(1);
  });

  test('messages wait in order until they are handled or dropped, and the same message twice is one', async () => {
    await using journal = await begin(subject);
    for (const id of ['b', 'a', 'c', 'b']) await journal.post(message(id, { kind: 'signal', to: 'agent/r.a' }));
    await journal.post(message('x', { run: 'another' }));
    expect((await journal.mail('r')).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
    await journal.commit(commitOf({ event: { id: 'a', type: 'pong', body: {}, inbox: true } }));
    await journal.dropMail('r', 'c');
    expect((await journal.mail('r')).map(({ id }) => id)).toEqual(['b']);
  });

  test('it lists the runs that have messages waiting', async () => {
    await using journal = await begin(subject);
    await journal.claim('s', 'me', { now: commitTime, ttl: 1_000 });
    const signal = (id: string, run: string) => message(id, { run, kind: 'signal', to: `agent/${run}` });
    expect(await journal.mailed()).toEqual([]);
    for (const id of ['a', 'b', 'c', 'd']) await journal.post(signal(id, 'r'));
    await journal.post(signal('a', 's'));
    expect([...(await journal.mailed())].sort()).toEqual(['r', 's']);
    await journal.dropMail('s', 'a');
    await journal.dropMail('r', 'a');
    await journal.commit(commitOf({ actor: 'agent/r', event: { id: 'b', type: 'pong', body: {}, inbox: true } }));
    await journal.bury('r', 1, dead('c', 'agent/r').entry);
    expect(await journal.mailed()).toEqual(['r']);
    await journal.dropMail('r', 'd');
    expect(await journal.mailed()).toEqual([]);
  });

  test('a message waits as it was posted, whatever its sender does with it afterwards', async () => {
    await using journal = await begin(subject);
    const body = { word: 'said' };
    await journal.post(message('m', { kind: 'signal', to: 'agent/r.a', body }));
    body.word = 'changed';
    expect((await journal.mail('r')).map((waiting) => waiting.body)).toEqual([{ word: 'said' }]);
  });

  test('a message is posted once: the same again is nothing new, another under its id is a conflict, before and after it is handled', async () => {
    await using journal = await begin(subject);
    await journal.commit(commitOf());
    const answered = (answer: string) => message('m', { kind: 'signal', to: 'agent/r.a', body: { answer } });
    await journal.post(answered('yes'));
    await journal.post(answered('yes'));
    await expect(journal.post(answered('no'))).rejects.toEqual(refusedWith('conflict'));
    await journal.commit(commitOf({ seq: 2, event: { id: 'm', type: 'pong', body: { answer: 'yes' }, inbox: true } }));
    await journal.post(answered('yes'));
    await expect(journal.post(answered('no'))).rejects.toEqual(refusedWith('conflict'));
    expect(await journal.mail('r')).toEqual([]);
  });

  test('an actor that has ended takes no more messages', async () => {
    await using journal = await begin(subject);
    await journal.commit(commitOf({ status: 'done' }));
    await expect(journal.post(message('m', { kind: 'signal', to: 'agent/r.a' }))).rejects.toMatchObject({
      kind: 'conflict',
      data: { status: 'done' },
    });
  });
}
