/** Old runs are forgotten, and nothing else. */
import { expect, test } from 'vitest';
import { commitTime } from '../commit.ts';
import { begin, commitOf, message, type JournalCase } from './fixtures.ts';

export function retentionTests(subject: JournalCase) {
  test('runs that ended long ago are forgotten, and nothing else', async () => {
    await using journal = await begin(subject);
    await journal.claim('old', 'me', { now: commitTime, ttl: 1_000 });
    const blob = 'y'.repeat(300_000);
    await journal.commit(
      commitOf({
        run: 'old',
        actor: 'agent/old',
        status: 'done',
        updated: commitTime - 10,
        snapshot: blob,
        appends: [{ list: 'said', entry: 1 }],
        results: [{ key: 'ko', name: 'n', input: 1, outcome: { ok: true, output: 1 } }],
      }),
    );
    await journal.commit(commitOf({ actor: 'agent/r.a', status: 'done', updated: commitTime + 10, snapshot: blob }));
    await journal.commit(commitOf({ actor: 'agent/r.b', updated: commitTime - 10 }));
    await journal.claim('just', 'me', { now: commitTime, ttl: 1_000 });
    await journal.commit(commitOf({ run: 'just', actor: 'agent/just', status: 'done', updated: commitTime }));
    await journal.post(message('m', { run: 'old', to: 'agent/old.nobody' }));
    expect(await journal.prune(commitTime)).toBe(1);
    expect(await journal.load('agent/old')).toBeUndefined();
    expect(await journal.load('agent/just')).toBeDefined();
    expect([await journal.ledger('old'), await journal.mail('old')]).toEqual([[], []]);
    // The key is free again: nothing of the earlier run stands in the way of another.
    expect(await journal.claim('old', 'you', { now: commitTime, ttl: 1_000 })).toBe(1);
    await journal.commit(commitOf({ run: 'old', actor: 'agent/old', updated: commitTime }));
    expect(await journal.list('agent/old', 'said')).toEqual([]);
    expect((await journal.load('agent/r.a'))?.snapshot).toBe(blob);
    expect(await journal.load('agent/r.b')).toBeDefined();
    expect(await journal.prune(commitTime)).toBe(0);
  });

  test('old runs are forgotten a few at a time, where a process may do so while it works on others', async () => {
    await using journal = await begin(subject);
    for (const n of [1, 2, 3]) {
      await journal.claim(`old${n}`, 'me', { now: commitTime, ttl: 1_000 });
      await journal.commit(
        commitOf({ run: `old${n}`, actor: `agent/old${n}`, status: 'done', updated: commitTime - 10 }),
      );
    }
    await journal.commit(commitOf({ updated: commitTime - 10 }));
    if (!journal.pruneSome) return;
    expect(await journal.pruneSome(commitTime, 2)).toBe(2);
    expect(await journal.find({})).toHaveLength(2);
    expect(await journal.pruneSome(commitTime, 2)).toBe(1);
    expect(await journal.pruneSome(commitTime, 2)).toBe(0);
    expect((await journal.find({})).map(({ actor }) => actor)).toEqual(['agent/r.a']);
  });
}
