/** Actors that have ended, many of them in one run: everything of them is found as it was, and each can go on. */
import { expect, test } from 'vitest';
import type { Commit, Journal } from '../../../journal/journal.ts';
import { commitTime } from '../commit.ts';
import { asked, begin, commitOf, dead, message, refusedWith, type JournalCase } from './fixtures.ts';

/** More than a journal keeps at hand. */
const many = 300;
/** One of the first that ended, one in the middle, the last one. */
const some = [0, 1, 140, many - 1];

const addressOf = (n: number) => `agent/r.n${n}`;
const keyOf = (n: number) => `${addressOf(n)}/1/0`;
const replyOf = (n: number) => message(`reply-${n}`, { from: addressOf(n), body: { n }, correlation: `asked-${n}` });
const common = (n: number) => ({
  actor: addressOf(n),
  parent: 'agent/r',
  created: commitTime + n,
  meta: { input: `hello ${n}` },
});
const outcomeOf = (n: number) => ({ ok: true, output: { said: `yes ${n}` } }) as const;

/** Each is asked, asks for an effect, has its result, answers, and ends. */
async function endMany(journal: Journal): Promise<void> {
  const commit = (over: Partial<Commit>) => journal.commit(commitOf(over));
  const stored = [commit({ actor: 'agent/r' })];
  for (let n = 0; n < many; n++) {
    const begun = commit({
      ...common(n),
      event: { id: `asked-${n}`, type: 'go', body: { n }, inbox: true },
      opens: [{ key: keyOf(n), kind: 'effect', data: asked }],
    });
    const ended = commit({
      ...common(n),
      seq: 2,
      status: 'done',
      state: 'ended',
      snapshot: { ended: n },
      opens: [{ key: `reply-${n}`, kind: 'message', data: replyOf(n) }],
      closes: [keyOf(n)],
      results: [{ key: keyOf(n), name: 's', input: { n }, outcome: outcomeOf(n) }],
      appends: [
        { list: 'said', entry: { n } },
        { list: 'said', entry: 'end' },
      ],
    });
    stored.push(
      begun,
      ended.then(() => journal.settle('r', [`reply-${n}`])),
    );
    if (n % 20 === 0) await Promise.all(stored);
  }
  await Promise.all(stored);
}

export function endedTests(subject: JournalCase) {
  test('of a run with many ended actors everything is found as it was', { timeout: 60_000 }, async () => {
    await using journal = await begin(subject);
    await endMany(journal);
    for (const n of some) {
      const actor = addressOf(n);
      const row = { ...common(n), status: 'done', state: 'ended', seq: 2, snapshot: { ended: n } };
      expect(await journal.load(actor)).toMatchObject({ ...row, pending: [], lists: { said: 2 } });
      expect(await journal.find({ actor })).toEqual([expect.objectContaining(row)]);
      expect(await journal.list(actor, 'said')).toEqual([{ n }, 'end']);
      expect(await journal.list(actor, 'said', 1)).toEqual(['end']);
      expect(await journal.list(actor, 'nothing')).toEqual([]);
      expect(await journal.handled(actor, `asked-${n}`)).toEqual({ seq: 1, body: { n }, reply: replyOf(n) });
      expect(await journal.handled(actor, 'never asked')).toBeUndefined();
      expect((await journal.history({ actor })).map(({ seq, status, event }) => [seq, status, event.body])).toEqual([
        [1, 'active', { n }],
        [2, 'done', { n: 2 }],
      ]);
      await expect(
        journal.commit(
          commitOf({ ...common(n), seq: 3, event: { id: `asked-${n}`, type: 'go', body: { n }, inbox: true } }),
        ),
      ).rejects.toEqual(refusedWith('conflict', { duplicate: true }));
    }
    const found = await journal.find({ run: 'r', status: 'done', limit: many + 1 });
    expect(found.map(({ snapshot }) => snapshot)).toEqual(expect.arrayContaining(some.map((n) => ({ ended: n }))));
    expect(found).toHaveLength(many);
    const ledger = await journal.ledger('r');
    expect(ledger.map(({ key }) => key)).toEqual(Array.from({ length: many }, (_, n) => keyOf(n)));
    expect(ledger[140]).toMatchObject({ actor: addressOf(140), input: { n: 140 }, outcome: outcomeOf(140) });
    const all = await journal.history({ run: 'r' });
    expect(all.map(({ actor, seq }) => `${actor} ${seq}`)).toEqual([
      'agent/r 1',
      ...Array.from({ length: 2 * many }, (_, nth) => `${addressOf(Math.floor(nth / 2))} ${1 + (nth % 2)}`),
    ]);
    expect(await journal.history({ run: 'r', after: all[280]?.position ?? 0, limit: 5 })).toEqual(all.slice(281, 286));
    expect(await journal.history({ run: 'r', newest: true, limit: 7 })).toEqual(all.slice(-7).reverse());
    expect(await journal.verify()).toMatchObject({ actors: many + 1, damage: [] });
  });

  test('each of many ended actors can go on, with all that it had', { timeout: 60_000 }, async () => {
    await using journal = await begin(subject);
    await endMany(journal);
    for (const n of some) {
      const actor = addressOf(n);
      // A result is kept once, also when it is told again.
      await journal.record('r', 1, actor, commitTime, {
        key: keyOf(n),
        name: 's',
        input: null,
        outcome: { ok: true, output: 'another' },
      });
      await journal.commit(
        commitOf({
          ...common(n),
          seq: 3,
          opens: [{ key: `${actor}/3/0`, kind: 'effect', data: asked }],
          appends: [{ list: 'said', entry: 'again' }],
        }),
      );
      expect(await journal.load(actor)).toMatchObject({
        ...common(n),
        status: 'active',
        seq: 3,
        pending: [{ key: `${actor}/3/0` }],
        lists: { said: 3 },
      });
      expect(await journal.list(actor, 'said')).toEqual([{ n }, 'end', 'again']);
      expect(await journal.handled(actor, `asked-${n}`)).toEqual({ seq: 1, body: { n }, reply: replyOf(n) });
      expect((await journal.history({ actor })).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    }
    expect(
      (await journal.find({ run: 'r', parent: 'agent/r', status: 'active' })).map(({ actor }) => actor).sort(),
    ).toEqual(some.map(addressOf).sort());
    expect((await journal.ledger('r')).map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: many }, (_, n) => outcomeOf(n)),
    );
  });

  test('one of many ended actors keeps the message that it did not take', { timeout: 60_000 }, async () => {
    await using journal = await begin(subject);
    await endMany(journal);
    const letter = dead('late', addressOf(2)).entry;
    await journal.bury('r', 1, letter);
    expect(await journal.list(addressOf(2), 'dead')).toEqual([letter]);
    expect(await journal.list(addressOf(2), 'said')).toEqual([{ n: 2 }, 'end']);
  });
}
