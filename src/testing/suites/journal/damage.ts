/** No read gives a value that was not written. */
import { expect, test } from 'vitest';
import type { Envelope } from '../../../contracts/envelope.ts';
import type { Journal } from '../../../journal/journal.ts';
import { commitTime } from '../commit.ts';
import { asked, begin, commitOf, dead, message, refusedWith, type JournalCase } from './fixtures.ts';

export function damageTests(subject: JournalCase) {
  const { damaged } = subject;
  test('a sound journal has no damage', async () => {
    await using journal = await begin(subject);
    await journal.commit(commitOf({ appends: [{ list: 'said', entry: 1 }] }));
    await journal.commit(commitOf({ seq: 2, appends: [{ list: 'said', entry: 2 }] }));
    expect(await journal.verify()).toEqual({ actors: 1, commits: 2, damage: [] });
  });

  if (damaged)
    test.each([
      'a snapshot 4711',
      'a fact 4711',
      'an entry 4711',
      'a dead letter 4711',
      'a message 4711',
      'a handled message 4711',
      'an undelivered message 4711',
      'a reply 4711',
      'an effect 4711',
      'a result 4711',
      'a result without a commit 4711',
      'a large value 4711',
      'a large result 4711',
      'an owner 4711',
    ])('a bit that flips in %s is told as damage, or repaired: no read gives another value', async (text) => {
      const journal = await subject.open();
      await journal.claim('r', 'an owner 4711', { now: commitTime, ttl: 1_000 });
      await journal.renewAll?.('an owner 4711', commitTime + 2_000);
      const large = (word: string) => word.padEnd(300_000, 'y');
      const resultOf = (index: number, output: string) =>
        ({ key: `agent/r.a/1/${index}`, name: 'n', input: 1, outcome: { ok: true, output } }) as const;
      const sent = (key: string, body: string, over: Partial<Envelope> = {}) =>
        ({ key, kind: 'message', data: message(key, { body, ...over }) }) as const;
      const effectOf = (index: number) =>
        ({ key: `agent/r.a/1/${index}`, kind: 'effect', data: { ...asked, input: 'an effect 4711' } }) as const;
      const reply = sent('agent/r.a/1/3', 'a reply 4711', { correlation: 'handled' });
      await journal.commit(
        commitOf({
          snapshot: 'a snapshot 4711',
          meta: { input: 'a fact 4711' },
          event: { id: 'handled', type: 'go', body: 'a handled message 4711', inbox: true },
          appends: [{ list: 'said', entry: 'an entry 4711' }],
          opens: [effectOf(0), effectOf(1), effectOf(2), reply],
        }),
      );
      journal.settle('r', [reply.key]);
      await journal.commit(
        commitOf({
          seq: 2,
          snapshot: 'a snapshot 4711',
          meta: { input: 'a fact 4711' },
          opens: [sent('agent/r.a/2/0', 'an undelivered message 4711')],
          closes: [resultOf(0, '').key, resultOf(1, '').key],
          results: [resultOf(0, 'a result 4711'), resultOf(1, large('a large result 4711'))],
        }),
      );
      await journal.commit(
        commitOf({ actor: 'agent/r.b', parent: 'agent/r.a', snapshot: large('a large value 4711') }),
      );
      await journal.record('r', 1, 'agent/r.a', commitTime, resultOf(2, 'a result without a commit 4711'));
      await journal.bury('r', 1, { ...dead('d').entry, body: 'a dead letter 4711' });
      await journal.post(message('m', { kind: 'signal', to: 'agent/r.a', body: 'a message 4711' }));
      const readAll = (one: Journal) => [
        () => one.load('agent/r.a'),
        () => one.load('agent/r.b'),
        () => one.find({ run: 'r' }),
        () => one.list('agent/r.a', 'said'),
        () => one.list('agent/r.a', 'dead'),
        () => one.handled('agent/r.a', 'handled'),
        () => one.undelivered('r'),
        () => one.history({ run: 'r' }),
        () => one.ledger('r'),
        () => one.mail('r'),
        () => one.mailed(),
        () => one.claims(),
      ];
      const truth = await Promise.all(readAll(journal).map((read) => read()));
      try {
        await using other = await damaged(journal, text);
        let told = 0;
        for (const [n, read] of readAll(other).entries())
          await read().then(
            (value) => expect(value).toEqual(truth[n]),
            (thrown: unknown) => {
              expect(thrown).toEqual(refusedWith('corrupt'));
              told++;
            },
          );
        // What no read gives back any more is named by the check of the whole journal as well.
        if (told > 0) expect((await other.verify()).damage).not.toEqual([]);
      } catch (thrown) {
        // It may as well refuse to be opened.
        if ((thrown as { kind?: unknown }).kind !== 'corrupt') throw thrown;
      }
    });
}
