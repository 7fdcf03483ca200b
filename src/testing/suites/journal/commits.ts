/** What is committed is stored completely or not at all, once, and in order; another process finds it. */
import { expect, test } from 'vitest';
import { present } from '../../present.ts';
import { commitTime } from '../commit.ts';
import { asked, begin, commitOf, refusedWith, type JournalCase } from './fixtures.ts';

export function commitTests(subject: JournalCase) {
  const { again } = subject;
  test('an actor is read back as it was committed, with what it waits for and the length of its lists', async () => {
    await using journal = await begin(subject);
    await journal.commit(
      commitOf({
        opens: [
          { key: 'agent/r.a/1/0', kind: 'effect', data: { id: 'x', src: 's', input: 1 } },
          { key: 'agent/r.a/1/1', kind: 'timer', due: commitTime + 5, data: { id: 't', event: { type: 'tick' } } },
        ],
        appends: [{ list: 'said', entry: 'one' }],
      }),
    );
    await journal.commit(
      commitOf({
        seq: 2,
        state: 'resting',
        snapshot: { deep: [1, null, 'x'] },
        closes: ['agent/r.a/1/1'],
        appends: [{ list: 'said', entry: { two: 2 } }],
      }),
    );
    const stored = await journal.load('agent/r.a');
    expect(stored).toMatchObject({
      run: 'r',
      actor: 'agent/r.a',
      parent: undefined,
      seq: 2,
      state: 'resting',
      created: commitTime,
      updated: commitTime + 2,
      meta: { input: 'hello' },
      snapshot: { deep: [1, null, 'x'] },
      lists: { said: 2 },
    });
    expect(stored?.pending).toEqual([{ key: 'agent/r.a/1/0', kind: 'effect', data: { id: 'x', src: 's', input: 1 } }]);
    expect(await journal.list('agent/r.a', 'said')).toEqual(['one', { two: 2 }]);
    expect(await journal.list('agent/r.a', 'said', 1, 2)).toEqual([{ two: 2 }]);
    expect(await journal.list('agent/r.a', 'said', 0, 1)).toEqual(['one']);
    expect(await journal.list('agent/r.a', 'said', 1)).toEqual([{ two: 2 }]);
    expect(await journal.list('agent/r.a', 'said', 2, 9)).toEqual([]);
    expect(await journal.list('agent/r.a', 'nothing')).toEqual([]);
  });

  test('an actor without a commit is not there', async () => {
    await using journal = await begin(subject);
    expect(await journal.load('agent/r.nobody')).toBeUndefined();
    expect(await journal.list('agent/r.nobody', 'said')).toEqual([]);
    expect(await journal.handled('agent/r.nobody', 'm')).toBeUndefined();
  });

  test('a commit that does not follow the last one is refused, and leaves nothing behind', async () => {
    await using journal = await begin(subject);
    await journal.commit(commitOf());
    const wrong = {
      opens: [{ key: 'k', kind: 'timer', due: 1, data: { event: { type: 'tick' } } }] as const,
      appends: [{ list: 'said', entry: 1 }],
      results: [{ key: 'k2', name: 'n', input: 1, outcome: { ok: true, output: 1 } as const }],
    };
    await expect(journal.commit(commitOf({ seq: 1, ...wrong }))).rejects.toEqual(refusedWith('conflict'));
    await expect(journal.commit(commitOf({ seq: 3, ...wrong }))).rejects.toEqual(refusedWith('conflict'));
    expect(await journal.load('agent/r.a')).toMatchObject({ seq: 1, pending: [], lists: {} });
    expect(await journal.ledger('r')).toEqual([]);
  });

  test('of many commits asked for at once, one that is refused does not take the others along', async () => {
    await using journal = await begin(subject);
    const outcomes = await Promise.allSettled([
      journal.commit(commitOf({ actor: 'agent/r.a' })),
      journal.commit(commitOf({ actor: 'agent/r.b', epoch: 99 })),
      journal.commit(commitOf({ actor: 'agent/r.c', seq: 7 })),
      journal.commit(commitOf({ actor: 'agent/r.d' })),
      journal.commit(commitOf({ actor: 'agent/r.a', seq: 2 })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect((await journal.find({ run: 'r' })).map(({ actor, seq }) => `${actor} ${seq}`).sort()).toEqual([
      'agent/r.a 2',
      'agent/r.d 1',
    ]);
  });

  test('commits that belong together are stored all or none, in their order, one actor as often as it has steps', async ({
    skip,
  }) => {
    await using journal = await begin(subject);
    if (!journal.commitAll) return skip('it stores each commit by itself');
    await journal.commit(commitOf({ actor: 'agent/r.a' }));
    const wanted = [
      commitOf({ actor: 'agent/r.a', seq: 2, opens: [{ key: 'agent/r.a/2/0', kind: 'effect', data: asked }] }),
      commitOf({ actor: 'agent/r.b' }),
      commitOf({ actor: 'agent/r.a', seq: 3, closes: ['agent/r.a/2/0'] }),
    ];
    for (const wrong of [{ epoch: 99 }, { seq: 7 }, { actor: 'agent/r.a', seq: 3 }]) {
      const refused = journal.commitAll([...wanted, commitOf({ actor: 'agent/r.c', ...wrong })]);
      await expect(refused).rejects.toThrow();
      expect(await journal.find({ run: 'r' })).toHaveLength(1);
      expect((await journal.load('agent/r.a'))?.seq).toBe(1);
    }
    await journal.commitAll(wanted);
    expect(await journal.load('agent/r.a')).toMatchObject({ seq: 3, pending: [] });
    expect((await journal.load('agent/r.b'))?.seq).toBe(1);
    const history = await journal.history({ run: 'r' });
    expect(history.map(({ actor, seq }) => [actor, seq])).toEqual([
      ['agent/r.a', 1],
      ['agent/r.a', 2],
      ['agent/r.b', 1],
      ['agent/r.a', 3],
    ]);
  });

  test('of commits that belong together, one whose message was handled before refuses all, and says so', async ({
    skip,
  }) => {
    await using journal = await begin(subject);
    if (!journal.commitAll) return skip('it stores each commit by itself');
    const event = { id: 'm', type: 'ping', from: 'agent/r.z', body: {}, inbox: true };
    await journal.commit(commitOf({ event }));
    const again = journal.commitAll([commitOf({ seq: 2, event }), commitOf({ actor: 'agent/r.b' })]);
    await expect(again).rejects.toMatchObject({ kind: 'conflict', data: { duplicate: true } });
    expect(await journal.load('agent/r.b')).toBeUndefined();
  });

  test('commits that are submitted at once are stored in the order in which they were submitted', async () => {
    await using journal = await begin(subject);
    const actors = Array.from({ length: 30 }, (_, n) => `agent/n${(n * 7) % 30}`);
    await Promise.all(actors.map((actor) => journal.commit(commitOf({ actor }))));
    expect((await journal.history({ run: 'r' })).map(({ actor }) => actor)).toEqual(actors);
  });

  test('a result is kept once under its key, with the step it caused or alone', async () => {
    await using journal = await begin(subject);
    const outcome = { ok: true, output: { n: 1 } } as const;
    await journal.commit(
      commitOf({
        opens: [
          { key: 'k1', kind: 'effect', data: asked },
          { key: 'k2', kind: 'effect', data: asked },
        ],
      }),
    );
    await journal.commit(
      commitOf({ seq: 2, closes: ['k1'], results: [{ key: 'k1', name: 'search', input: 'q', outcome }] }),
    );
    await journal.record('r', 1, 'agent/r.a', commitTime + 9, { key: 'k2', name: 'search', input: 'p', outcome });
    await journal.record('r', 1, 'agent/r.a', commitTime + 9, {
      key: 'k2',
      name: 'search',
      input: 'p',
      outcome: { ok: true, output: 'another' },
    });
    // The second one came after the last commit.
    const position = present((await journal.history({ run: 'r' })).at(-1), 'The last commit').position;
    expect(await journal.ledger('r')).toEqual([
      { key: 'k1', actor: 'agent/r.a', at: commitTime + 2, name: 'search', input: 'q', outcome, position },
      { key: 'k2', actor: 'agent/r.a', at: commitTime + 9, name: 'search', input: 'p', outcome, position },
    ]);
    expect([...present(await journal.load('agent/r.a'), 'The stored actor').results]).toEqual([['k2', outcome]]);
    const other = { key: 'k2', name: 'search', input: 'p', outcome: { ok: true, output: 'a third' } } as const;
    await journal.commit(commitOf({ seq: 3, closes: ['k2'], results: [other] }));
    expect((await journal.ledger('r')).map((entry) => entry.outcome)).toEqual([outcome, outcome]);
    await expect(journal.record('r', 1, 'agent/r.nobody', commitTime, { ...other, key: 'k3' })).rejects.toEqual(
      refusedWith('unknown_recipient'),
    );
    expect(await journal.ledger('r')).toHaveLength(2);
  });

  if (again)
    test('another process finds all that was acknowledged', async () => {
      const journal = await begin(subject);
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          journal.commit(commitOf({ actor: `agent/r.n${n}`, appends: [{ list: 'said', entry: n }] })),
        ),
      );
      await using other = await again(journal);
      expect(await other.find({ run: 'r', limit: 1_000 })).toHaveLength(50);
      expect(await other.list('agent/r.n49', 'said')).toEqual([49]);
      expect((await other.verify()).damage).toEqual([]);
    });
}
