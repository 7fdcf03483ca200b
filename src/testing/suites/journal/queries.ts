/** Actors, runs and histories are found, in a stable order. */
import { expect, test } from 'vitest';
import { commitTime } from '../commit.ts';
import { begin, commitOf, positionOf, type JournalCase } from './fixtures.ts';

export function queryTests(subject: JournalCase) {
  test('runs are found by the name of their definition, also those whose input is large', async () => {
    await using journal = await begin(subject);
    const about = (name: string) => ({ about: { name } });
    await journal.commit(commitOf({ actor: 'run/r', type: 'run', meta: about('news') }));
    await journal.claim('s', 'o', { now: 0, ttl: 1 });
    const large = { ...about('news'), input: 'x'.repeat(300_000) };
    await journal.commit(commitOf({ run: 's', actor: 'run/s', type: 'run', updated: commitTime + 5, meta: large }));
    await journal.claim('t', 'o', { now: 0, ttl: 1 });
    await journal.commit(commitOf({ run: 't', actor: 'run/t', type: 'run', meta: about('newspaper') }));
    const find = async (query: object) => (await journal.find(query)).map(({ actor }) => actor);
    expect(await find({ definition: 'news', parent: null })).toEqual(['run/s', 'run/r']);
    expect(await find({ definition: 'new', parent: null })).toEqual([]);
    expect(await find({ definition: 'news', run: 'r' })).toEqual(['run/r']);
  });

  test('actors are found by run, type, parent, status, tag, state and time, newest first', async () => {
    await using journal = await begin(subject);
    await journal.commit(commitOf({ actor: 'run/r', type: 'run', updated: commitTime + 1, tags: [] }));
    await journal.commit(
      commitOf({
        actor: 'wait/r.w',
        type: 'wait',
        parent: 'run/r',
        updated: commitTime + 2,
        state: 'open',
        tags: ['waiting', 'person'],
      }),
    );
    await journal.commit(
      commitOf({ actor: 'agent/r.z', parent: 'run/r', status: 'done', updated: commitTime + 3, tags: [] }),
    );
    const find = async (query: object) => (await journal.find(query)).map(({ actor }) => actor);
    expect(await find({})).toEqual(['agent/r.z', 'wait/r.w', 'run/r']);
    expect(await find({ limit: 1 })).toEqual(['agent/r.z']);
    expect(await find({ type: 'wait' })).toEqual(['wait/r.w']);
    expect(await find({ parent: 'run/r', status: ['done', 'failed'] })).toEqual(['agent/r.z']);
    expect(await find({ parent: null })).toEqual(['run/r']);
    expect(await find({ status: 'active', tag: 'person' })).toEqual(['wait/r.w']);
    expect(await find({ state: 'working' })).toEqual(['agent/r.z', 'run/r']);
    expect(await find({ since: commitTime + 2, until: commitTime + 3 })).toEqual(['wait/r.w']);
    expect(await find({ actor: 'run/r', run: 'r' })).toEqual(['run/r']);
    expect(await find({ run: 'nothing' })).toEqual([]);
    expect(await find({ definition: 'news' })).toEqual([]);
  });

  test('a history tells what moved an actor, in order, and can be paged', async () => {
    await using journal = await begin(subject);
    for (let seq = 1; seq <= 5; seq++)
      await journal.commit(
        commitOf({
          seq,
          ...(seq === 2
            ? {
                opens: [{ key: 'k', kind: 'timer', due: commitTime + 9, data: { id: 't', event: { type: 'tick' } } }],
              }
            : seq === 4
              ? { closes: ['k'] }
              : {}),
        }),
      );
    const all = await journal.history({ actor: 'agent/r.a' });
    expect(all.map(({ seq, event }) => [seq, event.type, event.body])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [n, 'go', { n }]),
    );
    expect(all[1]?.opens).toEqual([{ key: 'k', kind: 'timer', due: commitTime + 9, data: null }]);
    expect(all[3]?.closes).toEqual(['k']);
    const newest = await journal.history({ actor: 'agent/r.a', newest: true, limit: 2 });
    expect(newest.map((entry) => entry.seq)).toEqual([5, 4]);
    const page = await journal.history({ run: 'r', limit: 2 });
    const after = positionOf(page.at(-1));
    expect((await journal.history({ run: 'r', after })).map((entry) => entry.seq)).toEqual([3, 4, 5]);
  });

  test('a reader that pages through a history misses nothing: not of the same moment, and not when the clock was set back', async () => {
    await using journal = await begin(subject);
    await journal.commit(commitOf({ actor: 'agent/r.z', updated: commitTime + 100 }));
    const after = positionOf((await journal.history({ run: 'r' }))[0]);
    await journal.commit(commitOf({ actor: 'agent/r.a', updated: commitTime + 100 }));
    await journal.commit(commitOf({ actor: 'agent/r.z', seq: 2, updated: commitTime + 50 }));
    const news = await journal.history({ run: 'r', after });
    expect(news.map(({ actor, seq }) => `${actor} ${seq}`)).toEqual(['agent/r.a 1', 'agent/r.z 2']);
    expect((await journal.history({ run: 'r', after: positionOf(news[0]) })).map(({ actor }) => actor)).toEqual([
      'agent/r.z',
    ]);
  });

  test('a position is given once, also when the run that had it was forgotten and is begun anew', async () => {
    await using journal = await begin(subject);
    const last = () => commitOf({ run: 'old', actor: 'agent/old', status: 'done', updated: commitTime - 10 });
    await journal.claim('old', 'me', { now: commitTime, ttl: 1_000 });
    await journal.commit(last());
    const after = positionOf((await journal.history({ run: 'old' }))[0]);
    expect(await journal.prune(commitTime)).toBe(1);
    await journal.claim('old', 'me', { now: commitTime, ttl: 1_000 });
    await journal.commit(last());
    expect(await journal.history({ run: 'old', after })).toHaveLength(1);
  });
}
