/** The contract of a journal as tests: J1 to J7, as the interface numbers them. Every implementation runs this suite. */
import { describe, expect, test } from 'vitest';
import type { Envelope } from '../../contracts/envelope.ts';
import type { EffectData, Pending } from '../../contracts/pending.ts';
import type { Commit, Journal } from '../../journal/journal.ts';
import { knownJson } from '../jsonValues.ts';
import { present } from '../present.ts';
import { commitFor as commitWith, commitTime } from './commit.ts';

/** The journal under test. */
export interface JournalCase {
  /** Opens a fresh, empty journal. */
  open(): Promise<Journal>;
  /** Opens the same stored journal as another process would; leave it out when nothing is stored. */
  again?: (journal: Journal) => Promise<Journal>;
  /** Makes the lease of an owner end, as when its process dies. Leave it out where the time in a claim decides. */
  forfeit?: (journal: Journal, owner: string) => Promise<void>;
  /** Closes the journal, flips one bit wherever its store has this text, and opens it as another process would. Leave it out when nothing is stored. */
  damaged?: (journal: Journal, text: string) => Promise<Journal>;
}

/** Vitest types its asymmetric matchers as any value. */
const asymmetric = (matcher: unknown): unknown => matcher;

const refusal = (kind: string, data?: object) =>
  expect.objectContaining({
    name: 'TroupeError',
    kind,
    ...(data ? { data: asymmetric(expect.objectContaining(data)) } : {}),
  });

/** The address of an actor begins with the id of its run. */
const commitFor = (over: Partial<Commit> = {}) => commitWith({ actor: 'agent/r.a', ...over });

const asked: EffectData = { id: 'x', src: 's', input: null };
const inputOf = (pending: Pending | undefined) => (pending?.kind === 'effect' ? pending.data.input : undefined);
const message = (key: string, over: Partial<Envelope> = {}): Envelope => {
  return { id: key, type: 'pong', body: {}, from: 'agent/r.a', to: 'door/x', run: 'r', kind: 'reply', ...over };
};
const positionOf = (entry: { readonly position: number } | undefined): number =>
  present(entry, 'The history entry').position;
const dead = (id: string, to = 'agent/r.a') => {
  const failure = { kind: 'unknown_recipient', message: 'Nobody.', retryable: false } as const;
  return {
    list: 'dead',
    entry: { id, type: 'pong', from: 'agent/r.a', to, body: {}, at: commitTime, failure },
  } as const;
};

/**
 * Describes the tests that every journal must pass, ours and yours. Call it in a test file.
 * @example journalSuite('my journal', { open: async () => myJournal(await freshDatabase()), again: async (journal) => myJournal(journal.database) });
 */
export function journalSuite(name: string, { open, again, forfeit, damaged }: JournalCase) {
  /** The end of a lease: a process whose life decides has none that is known beforehand. */
  const until = (at: number) => (forfeit ? asymmetric(expect.any(Number)) : at);
  const begin = async () => {
    const journal = await open();
    await journal.claim('r', 'me', { now: commitTime, ttl: 1_000 });
    return journal;
  };

  describe(`${name} keeps the journal contract`, () => {
    test('an actor is read back as it was committed, with what it waits for and the length of its lists', async () => {
      await using journal = await begin();
      await journal.commit(
        commitFor({
          opens: [
            { key: 'agent/r.a/1/0', kind: 'effect', data: { id: 'x', src: 's', input: 1 } },
            { key: 'agent/r.a/1/1', kind: 'timer', due: commitTime + 5, data: { id: 't', event: { type: 'tick' } } },
          ],
          appends: [{ list: 'said', entry: 'one' }],
        }),
      );
      await journal.commit(
        commitFor({
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
      expect(stored?.pending).toEqual([
        { key: 'agent/r.a/1/0', kind: 'effect', data: { id: 'x', src: 's', input: 1 } },
      ]);
      expect(await journal.list('agent/r.a', 'said')).toEqual(['one', { two: 2 }]);
      expect(await journal.list('agent/r.a', 'said', 1, 2)).toEqual([{ two: 2 }]);
      expect(await journal.list('agent/r.a', 'said', 0, 1)).toEqual(['one']);
      expect(await journal.list('agent/r.a', 'said', 1)).toEqual([{ two: 2 }]);
      expect(await journal.list('agent/r.a', 'said', 2, 9)).toEqual([]);
      expect(await journal.list('agent/r.a', 'nothing')).toEqual([]);
    });

    test('an actor without a commit is not there', async () => {
      await using journal = await begin();
      expect(await journal.load('agent/r.nobody')).toBeUndefined();
      expect(await journal.list('agent/r.nobody', 'said')).toEqual([]);
      expect(await journal.handled('agent/r.nobody', 'm')).toBeUndefined();
    });

    test('a commit that does not follow the last one is refused, and leaves nothing behind', async () => {
      await using journal = await begin();
      await journal.commit(commitFor());
      const wrong = {
        opens: [{ key: 'k', kind: 'timer', due: 1, data: { event: { type: 'tick' } } }] as const,
        appends: [{ list: 'said', entry: 1 }],
        results: [{ key: 'k2', name: 'n', input: 1, outcome: { ok: true, output: 1 } as const }],
      };
      await expect(journal.commit(commitFor({ seq: 1, ...wrong }))).rejects.toEqual(refusal('conflict'));
      await expect(journal.commit(commitFor({ seq: 3, ...wrong }))).rejects.toEqual(refusal('conflict'));
      expect(await journal.load('agent/r.a')).toMatchObject({ seq: 1, pending: [], lists: {} });
      expect(await journal.ledger('r')).toEqual([]);
    });

    test('of many commits asked for at once, one that is refused does not take the others along', async () => {
      await using journal = await begin();
      const outcomes = await Promise.allSettled([
        journal.commit(commitFor({ actor: 'agent/r.a' })),
        journal.commit(commitFor({ actor: 'agent/r.b', epoch: 99 })),
        journal.commit(commitFor({ actor: 'agent/r.c', seq: 7 })),
        journal.commit(commitFor({ actor: 'agent/r.d' })),
        journal.commit(commitFor({ actor: 'agent/r.a', seq: 2 })),
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
      await using journal = await begin();
      if (!journal.commitAll) return skip('it stores each commit by itself');
      await journal.commit(commitFor({ actor: 'agent/r.a' }));
      const wanted = [
        commitFor({ actor: 'agent/r.a', seq: 2, opens: [{ key: 'agent/r.a/2/0', kind: 'effect', data: asked }] }),
        commitFor({ actor: 'agent/r.b' }),
        commitFor({ actor: 'agent/r.a', seq: 3, closes: ['agent/r.a/2/0'] }),
      ];
      for (const wrong of [{ epoch: 99 }, { seq: 7 }, { actor: 'agent/r.a', seq: 3 }]) {
        const refused = journal.commitAll([...wanted, commitFor({ actor: 'agent/r.c', ...wrong })]);
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
      await using journal = await begin();
      if (!journal.commitAll) return skip('it stores each commit by itself');
      const event = { id: 'm', type: 'ping', from: 'agent/r.z', body: {}, inbox: true };
      await journal.commit(commitFor({ event }));
      const again = journal.commitAll([commitFor({ seq: 2, event }), commitFor({ actor: 'agent/r.b' })]);
      await expect(again).rejects.toMatchObject({ kind: 'conflict', data: { duplicate: true } });
      expect(await journal.load('agent/r.b')).toBeUndefined();
    });

    test('commits that are submitted at once are stored in the order in which they were submitted', async () => {
      await using journal = await begin();
      const actors = Array.from({ length: 30 }, (_, n) => `agent/n${(n * 7) % 30}`);
      await Promise.all(actors.map((actor) => journal.commit(commitFor({ actor }))));
      expect((await journal.history({ run: 'r' })).map(({ actor }) => actor)).toEqual(actors);
    });

    test('a message is handled once, and what was answered to it can be asked for', async () => {
      await using journal = await begin();
      const event = { id: 'm1', type: 'ping', from: 'door/x', body: { n: 1 }, inbox: true };
      const reply = message('agent/r.a/1/0', { correlation: 'm1' });
      await journal.commit(commitFor({ event, opens: [{ key: reply.id, kind: 'message', data: reply }] }));
      await expect(journal.commit(commitFor({ seq: 2, event }))).rejects.toEqual(
        refusal('conflict', { duplicate: true }),
      );
      journal.settle('r', [reply.id]);
      await journal.commit(commitFor({ seq: 2 }));
      expect(await journal.handled('agent/r.a', 'm1')).toEqual({ seq: 1, body: { n: 1 }, reply });
      expect(await journal.handled('agent/r.a', 'm2')).toBeUndefined();
      expect((await journal.load('agent/r.a'))?.pending).toEqual([]);
    });

    test('messages that were not delivered are found, also of an actor that has ended', async () => {
      await using journal = await begin();
      const [first, second, last] = [message('agent/r.a/1/0'), message('agent/r.a/1/1'), message('agent/r.a/2/0')];
      const opened = (...envelopes: Envelope[]) =>
        envelopes.map((envelope) => ({
          key: envelope.id,
          kind: 'message' as const,
          data: envelope,
        }));
      await journal.commit(commitFor({ opens: opened(first, second) }));
      await journal.commit(commitFor({ seq: 2, status: 'done', opens: opened(last) }));
      journal.settle('r', [first.id]);
      await journal.commit(commitFor({ actor: 'agent/r.b' }));
      expect(await journal.undelivered('r')).toEqual([second, last]);
      expect(await journal.undelivered('other')).toEqual([]);
    });

    test('a message that cannot be delivered is kept by its recipient, or by the root of the run, and waits nowhere any more', async () => {
      await using journal = await begin();
      const unread = message('agent/r.a/1/0', { to: 'agent/r.b' });
      await journal.commit(
        commitFor({
          opens: [{ key: unread.id, kind: 'message', data: unread }],
          appends: [dead('d0')],
        }),
      );
      await journal.post(message('m1', { to: 'agent/r.b' }));
      await journal.commit(commitFor({ actor: 'agent/r.b', parent: 'agent/r.a', status: 'done' }));
      await journal.bury('r', 1, dead(unread.id, 'agent/r.b').entry);
      await journal.bury('r', 1, dead('m1', 'agent/r.nobody').entry);
      expect(await journal.list('agent/r.b', 'dead')).toEqual([dead(unread.id, 'agent/r.b').entry]);
      expect(await journal.list('agent/r.a', 'dead')).toEqual([dead('d0').entry, dead('m1', 'agent/r.nobody').entry]);
      expect([await journal.undelivered('r'), await journal.mail('r')]).toEqual([[], []]);
      await journal.commit(commitFor({ seq: 2, appends: [dead('d2')] }));
      expect((await journal.load('agent/r.a'))?.lists).toEqual({ dead: 3 });
      expect((await journal.verify()).damage).toEqual([]);
    });

    test('a dead letter of a run is kept by that run, also when its recipient is an actor of another', async () => {
      await using journal = await begin();
      await journal.claim('other', 'you', { now: commitTime, ttl: 1_000 });
      await journal.commit(commitFor({ run: 'other', actor: 'agent/other' }));
      await journal.commit(commitFor());
      const letter = dead('d1', 'agent/other').entry;
      await journal.bury('r', 1, letter);
      expect(await journal.list('agent/other', 'dead')).toEqual([]);
      expect(await journal.list('agent/r.a', 'dead')).toEqual([letter]);
      await expect(journal.bury('unclaimed', 1, letter)).rejects.toEqual(refusal('fenced'));
    });

    test('a dead letter settles messages only, whatever it is called', async () => {
      await using journal = await begin();
      await journal.commit(commitFor({ opens: [{ key: 'agent/r.a/1/0', kind: 'effect', data: asked }] }));
      await journal.bury('r', 1, dead('agent/r.a/1/0').entry);
      expect((await journal.load('agent/r.a'))?.pending).toHaveLength(1);
    });

    test('a result is kept once under its key, with the step it caused or alone', async () => {
      await using journal = await begin();
      const outcome = { ok: true, output: { n: 1 } } as const;
      await journal.commit(
        commitFor({
          opens: [
            { key: 'k1', kind: 'effect', data: asked },
            { key: 'k2', kind: 'effect', data: asked },
          ],
        }),
      );
      await journal.commit(
        commitFor({ seq: 2, closes: ['k1'], results: [{ key: 'k1', name: 'search', input: 'q', outcome }] }),
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
      await journal.commit(commitFor({ seq: 3, closes: ['k2'], results: [other] }));
      expect((await journal.ledger('r')).map((entry) => entry.outcome)).toEqual([outcome, outcome]);
      await expect(journal.record('r', 1, 'agent/r.nobody', commitTime, { ...other, key: 'k3' })).rejects.toEqual(
        refusal('unknown_recipient'),
      );
      expect(await journal.ledger('r')).toHaveLength(2);
    });

    test('a run has one owner: another process gets it only when the claim has run out, or the owner is gone', async () => {
      await using journal = await begin();
      const claim = (owner: string, at: number, alive = true) =>
        journal.claim('r', owner, { now: at, ttl: 1_000, alive: () => alive });
      await expect(claim('you', commitTime + 999)).rejects.toEqual(refusal('owned_elsewhere', { owner: 'me' }));
      expect(await claim('you', commitTime + 1, false)).toBe(2);
      await forfeit?.(journal, 'you');
      expect(await claim('me', commitTime + 1_002)).toBe(3);
      expect(await claim('me', commitTime + 1_003)).toBe(4);
      await journal.release('r', 4);
      expect(await claim('you', commitTime + 1_004)).toBe(5);
    });

    test('it lists which process owns which active run, and which runs are free', async () => {
      await using journal = await begin();
      await journal.claim('other', 'you', { now: commitTime, ttl: 9_000 });
      await journal.claim('unborn', 'you', { now: commitTime, ttl: 9_000 });
      await journal.claim('ended', 'you', { now: commitTime, ttl: 9_000 });
      await journal.commit(commitFor());
      await journal.commit(commitFor({ run: 'other', actor: 'agent/other.b' }));
      await journal.commit(commitFor({ run: 'other', actor: 'agent/other.c', parent: 'agent/other.b' }));
      await journal.commit(commitFor({ run: 'ended', actor: 'agent/ended.d', status: 'done' }));
      const mine = { run: 'r', owner: 'me', epoch: 1, until: until(commitTime + 1_000) };
      const yours = { run: 'other', owner: 'you', epoch: 1, until: until(commitTime + 9_000) };
      expect(await journal.claims()).toEqual([yours, mine]);
      expect(await journal.claims({ owner: 'you' })).toEqual([yours]);
      expect(await journal.claims({ run: 'r' })).toEqual([mine]);
      expect(await journal.claims({ run: 'ended' })).toEqual([]);
      expect(await journal.claims({ expiredAt: commitTime + 999 })).toEqual([]);
      await forfeit?.(journal, 'me');
      expect(await journal.claims({ expiredAt: commitTime + 1_000 })).toEqual([mine]);
      expect(await journal.claims({ owner: 'you', expiredAt: commitTime + 1_000 })).toEqual([]);
      await journal.release('other', 1);
      expect(await journal.claims({ owner: 'you', expiredAt: commitTime })).toEqual([{ ...yours, until: 0 }]);
    });

    test('a claim that is renewed lasts; one that was lost cannot be renewed or given back', async () => {
      await using journal = await begin();
      expect(await journal.renew('r', 1, commitTime + 5_000)).toBe(true);
      await expect(journal.claim('r', 'you', { now: commitTime + 4_999, ttl: 1_000 })).rejects.toEqual(
        refusal('owned_elsewhere'),
      );
      await forfeit?.(journal, 'me');
      expect(await journal.claim('r', 'you', { now: commitTime + 5_000, ttl: 1_000 })).toBe(2);
      expect(await journal.renew('r', 1, commitTime + 9_000)).toBe(false);
      await journal.release('r', 1);
      await expect(journal.claim('r', 'me', { now: commitTime + 5_500, ttl: 1_000 })).rejects.toEqual(
        refusal('owned_elsewhere'),
      );
    });

    test('the claim of a run that is new holds as any other, before and after its first commit', async () => {
      await using journal = await begin();
      const claim = (run: string, owner: string, at = commitTime) =>
        journal.claim(run, owner, { now: at, ttl: 1_000, isNew: true });
      for (const run of ['n', 'o', 'p']) expect(await claim(run, 'me')).toBe(1);
      if (journal.renewAll && !forfeit) expect(await journal.renewAll('me', commitTime + 1_000)).toBe(4);
      expect(await journal.renew('o', 1, commitTime + 5_000)).toBe(true);
      for (const run of ['n', 'o']) await journal.commit(commitFor({ run, actor: `agent/${run}` }));
      await expect(claim('n', 'you')).rejects.toEqual(refusal('owned_elsewhere'));
      await expect(claim('o', 'you', commitTime + 4_000)).rejects.toEqual(refusal('owned_elsewhere'));
      if (journal.renewAll && !forfeit) expect(await journal.renewAll('me', commitTime + 1_000)).toBe(4);
      // It is given back before anything of it is stored, or when it has ended.
      await journal.release('p', 1);
      await journal.release('n', 1, true);
      if (journal.renewAll && !forfeit) expect(await journal.renewAll('me', commitTime + 1_000)).toBe(2);
      for (const run of ['n', 'p']) expect(await claim(run, 'you')).toBe(2);
      await expect(journal.commit(commitFor({ run: 'n', actor: 'agent/n', seq: 2 }))).rejects.toEqual(
        refusal('fenced'),
      );
    });

    test('all claims of an owner are renewed at once, and it is told how many they are', async (context) => {
      await using journal = await begin();
      const { renewAll } = journal;
      if (!renewAll || forfeit)
        return context.skip('The time in a claim does not decide here, or each is renewed by itself.');
      const claim = (run: string, owner: string, now: number) => journal.claim(run, owner, { now, ttl: 1_000 });
      const renew = (until: number, owner = 'me') => renewAll(owner, commitTime + until);
      expect(await renew(0, 'nobody')).toBe(0);
      await journal.commit(commitFor());
      for (const run of ['s', 't']) await claim(run, 'me', commitTime);
      await claim('u', 'you', commitTime);
      await journal.commit(commitFor({ run: 'u', actor: 'agent/u' }));
      expect(await renew(5_000)).toBe(3);
      expect((await journal.claims()).map(({ run, until }) => [run, until - commitTime])).toEqual([
        ['r', 5_000],
        ['u', 1_000],
      ]);
      expect(await journal.claims({ expiredAt: commitTime + 4_999 })).toMatchObject([{ run: 'u' }]);
      for (const run of ['r', 's', 't'])
        await expect(claim(run, 'you', commitTime + 4_999)).rejects.toEqual(
          refusal('owned_elsewhere', { owner: 'me', until: commitTime + 5_000 }),
        );
      expect(await renew(3_000)).toBe(3);
      expect(await claim('t', 'you', commitTime + 3_000)).toBe(2);
    });

    test('a claim that was lost or given back is not renewed with the others, and not counted', async (context) => {
      await using journal = await begin();
      const { renewAll } = journal;
      if (!renewAll || forfeit)
        return context.skip('The time in a claim does not decide here, or each is renewed by itself.');
      const claim = (run: string, owner: string, now = commitTime) => journal.claim(run, owner, { now, ttl: 1_000 });
      for (const run of ['s', 't', 'u']) await claim(run, 'me');
      expect(await renewAll('me', commitTime + 1_000)).toBe(4);
      expect(await claim('s', 'you', commitTime + 2_000)).toBe(2);
      expect(await renewAll('me', commitTime + 9_000)).toBe(3);
      expect(await journal.renew('s', 1, commitTime + 9_000)).toBe(false);
      await journal.release('t', 1);
      expect(await renewAll('me', commitTime + 9_000)).toBe(2);
      expect(await claim('t', 'you')).toBe(2);
      await claim('u', 'me');
      await claim('v', 'me');
      expect(await journal.renew('r', 1, commitTime + 1)).toBe(true);
      expect(await renewAll('me', commitTime + 9_000)).toBe(3);
      expect(await renewAll('you', commitTime + 9_000)).toBe(2);
    });

    test('a former owner can write nothing', async () => {
      await using journal = await begin();
      await journal.commit(commitFor());
      await forfeit?.(journal, 'me');
      await journal.claim('r', 'you', { now: commitTime + 2_000, ttl: 1_000 });
      await expect(journal.commit(commitFor({ seq: 2 }))).rejects.toEqual(refusal('fenced'));
      await expect(
        journal.record('r', 1, 'agent/r.a', commitTime, {
          key: 'k',
          name: 'n',
          input: 1,
          outcome: { ok: true, output: 1 },
        }),
      ).rejects.toEqual(refusal('fenced'));
      await expect(journal.bury('r', 1, dead('d1').entry)).rejects.toEqual(refusal('fenced'));
      await expect(journal.commit(commitFor({ run: 'unclaimed', actor: 'agent/unclaimed.u' }))).rejects.toEqual(
        refusal('fenced'),
      );
      await journal.commit(commitFor({ seq: 2, epoch: 2 }));
      expect((await journal.load('agent/r.a'))?.seq).toBe(2);
    });

    test('messages wait in order until they are handled or dropped, and the same message twice is one', async () => {
      await using journal = await begin();
      for (const id of ['b', 'a', 'c', 'b']) await journal.post(message(id, { kind: 'signal', to: 'agent/r.a' }));
      await journal.post(message('x', { run: 'another' }));
      expect((await journal.mail('r')).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
      await journal.commit(commitFor({ event: { id: 'a', type: 'pong', body: {}, inbox: true } }));
      await journal.dropMail('r', 'c');
      expect((await journal.mail('r')).map(({ id }) => id)).toEqual(['b']);
    });

    test('it lists the runs that have messages waiting', async () => {
      await using journal = await begin();
      await journal.claim('s', 'me', { now: commitTime, ttl: 1_000 });
      const signal = (id: string, run: string) => message(id, { run, kind: 'signal', to: `agent/${run}` });
      expect(await journal.mailed()).toEqual([]);
      for (const id of ['a', 'b', 'c', 'd']) await journal.post(signal(id, 'r'));
      await journal.post(signal('a', 's'));
      expect([...(await journal.mailed())].sort()).toEqual(['r', 's']);
      await journal.dropMail('s', 'a');
      await journal.dropMail('r', 'a');
      await journal.commit(commitFor({ actor: 'agent/r', event: { id: 'b', type: 'pong', body: {}, inbox: true } }));
      await journal.bury('r', 1, dead('c', 'agent/r').entry);
      expect(await journal.mailed()).toEqual(['r']);
      await journal.dropMail('r', 'd');
      expect(await journal.mailed()).toEqual([]);
    });

    test('a message waits as it was posted, whatever its sender does with it afterwards', async () => {
      await using journal = await begin();
      const body = { word: 'said' };
      await journal.post(message('m', { kind: 'signal', to: 'agent/r.a', body }));
      body.word = 'changed';
      expect((await journal.mail('r')).map((waiting) => waiting.body)).toEqual([{ word: 'said' }]);
    });

    test('a message is posted once: the same again is nothing new, another under its id is a conflict, before and after it is handled', async () => {
      await using journal = await begin();
      await journal.commit(commitFor());
      const answered = (answer: string) => message('m', { kind: 'signal', to: 'agent/r.a', body: { answer } });
      await journal.post(answered('yes'));
      await journal.post(answered('yes'));
      await expect(journal.post(answered('no'))).rejects.toEqual(refusal('conflict'));
      await journal.commit(
        commitFor({ seq: 2, event: { id: 'm', type: 'pong', body: { answer: 'yes' }, inbox: true } }),
      );
      await journal.post(answered('yes'));
      await expect(journal.post(answered('no'))).rejects.toEqual(refusal('conflict'));
      expect(await journal.mail('r')).toEqual([]);
    });

    test('an actor that has ended takes no more messages', async () => {
      await using journal = await begin();
      await journal.commit(commitFor({ status: 'done' }));
      await expect(journal.post(message('m', { kind: 'signal', to: 'agent/r.a' }))).rejects.toMatchObject({
        kind: 'conflict',
        data: { status: 'done' },
      });
    });

    test('runs are found by the name of their definition, also those whose input is large', async () => {
      await using journal = await begin();
      const about = (name: string) => ({ about: { name } });
      await journal.commit(commitFor({ actor: 'run/r', type: 'run', meta: about('news') }));
      await journal.claim('s', 'o', { now: 0, ttl: 1 });
      const large = { ...about('news'), input: 'x'.repeat(300_000) };
      await journal.commit(commitFor({ run: 's', actor: 'run/s', type: 'run', updated: commitTime + 5, meta: large }));
      await journal.claim('t', 'o', { now: 0, ttl: 1 });
      await journal.commit(commitFor({ run: 't', actor: 'run/t', type: 'run', meta: about('newspaper') }));
      const find = async (query: object) => (await journal.find(query)).map(({ actor }) => actor);
      expect(await find({ definition: 'news', parent: null })).toEqual(['run/s', 'run/r']);
      expect(await find({ definition: 'new', parent: null })).toEqual([]);
      expect(await find({ definition: 'news', run: 'r' })).toEqual(['run/r']);
    });

    test('actors are found by run, type, parent, status, tag, state and time, newest first', async () => {
      await using journal = await begin();
      await journal.commit(commitFor({ actor: 'run/r', type: 'run', updated: commitTime + 1, tags: [] }));
      await journal.commit(
        commitFor({
          actor: 'wait/r.w',
          type: 'wait',
          parent: 'run/r',
          updated: commitTime + 2,
          state: 'open',
          tags: ['waiting', 'person'],
        }),
      );
      await journal.commit(
        commitFor({ actor: 'agent/r.z', parent: 'run/r', status: 'done', updated: commitTime + 3, tags: [] }),
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
      await using journal = await begin();
      for (let seq = 1; seq <= 5; seq++)
        await journal.commit(
          commitFor({
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
      await using journal = await begin();
      await journal.commit(commitFor({ actor: 'agent/r.z', updated: commitTime + 100 }));
      const after = positionOf((await journal.history({ run: 'r' }))[0]);
      await journal.commit(commitFor({ actor: 'agent/r.a', updated: commitTime + 100 }));
      await journal.commit(commitFor({ actor: 'agent/r.z', seq: 2, updated: commitTime + 50 }));
      const news = await journal.history({ run: 'r', after });
      expect(news.map(({ actor, seq }) => `${actor} ${seq}`)).toEqual(['agent/r.a 1', 'agent/r.z 2']);
      expect((await journal.history({ run: 'r', after: positionOf(news[0]) })).map(({ actor }) => actor)).toEqual([
        'agent/r.z',
      ]);
    });

    test('a position is given once, also when the run that had it was forgotten and is begun anew', async () => {
      await using journal = await begin();
      const last = () => commitFor({ run: 'old', actor: 'agent/old', status: 'done', updated: commitTime - 10 });
      await journal.claim('old', 'me', { now: commitTime, ttl: 1_000 });
      await journal.commit(last());
      const after = positionOf((await journal.history({ run: 'old' }))[0]);
      expect(await journal.prune(commitTime)).toBe(1);
      await journal.claim('old', 'me', { now: commitTime, ttl: 1_000 });
      await journal.commit(last());
      expect(await journal.history({ run: 'old', after })).toHaveLength(1);
    });

    test.each([
      ['a large value', 'x'.repeat(300_000)],
      ['NUL, lone surrogates and right-to-left marks', 'a\u0000b\ud800c\u202e😀'],
      ['deep and odd JSON', { '': null, a: [[[{ b: -0.5e-7 }]]], ключ: '\n' }],
      ['__proto__ as a key', knownJson(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'))],
    ])('%s comes back as it was, wherever it stands', async (_, value) => {
      await using journal = await begin();
      const event = { id: 'm', type: 'go', body: value, inbox: true };
      await journal.commit(
        commitFor({
          event,
          snapshot: value,
          meta: value,
          opens: [{ key: 'k', kind: 'effect', data: { ...asked, input: value } }],
          appends: [{ list: '__proto__', entry: value }],
          results: [{ key: 'r1', name: 'constructor', input: value, outcome: { ok: true, output: value } }],
        }),
      );
      const stored = present(await journal.load('agent/r.a'), 'The stored actor');
      expect([stored.snapshot, stored.meta, inputOf(stored.pending[0])]).toEqual([value, value, value]);
      expect(Object.entries(stored.lists)).toEqual([['__proto__', 1]]);
      expect(await journal.list('agent/r.a', '__proto__')).toEqual([value]);
      expect((await journal.handled('agent/r.a', 'm'))?.body).toEqual(value);
      expect((await journal.ledger('r'))[0]).toMatchObject({ input: value, outcome: { ok: true, output: value } });
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
    });

    test('runs that ended long ago are forgotten, and nothing else', async () => {
      await using journal = await begin();
      await journal.claim('old', 'me', { now: commitTime, ttl: 1_000 });
      const blob = 'y'.repeat(300_000);
      await journal.commit(
        commitFor({
          run: 'old',
          actor: 'agent/old',
          status: 'done',
          updated: commitTime - 10,
          snapshot: blob,
          appends: [{ list: 'said', entry: 1 }],
          results: [{ key: 'ko', name: 'n', input: 1, outcome: { ok: true, output: 1 } }],
        }),
      );
      await journal.commit(commitFor({ actor: 'agent/r.a', status: 'done', updated: commitTime + 10, snapshot: blob }));
      await journal.commit(commitFor({ actor: 'agent/r.b', updated: commitTime - 10 }));
      await journal.claim('just', 'me', { now: commitTime, ttl: 1_000 });
      await journal.commit(commitFor({ run: 'just', actor: 'agent/just', status: 'done', updated: commitTime }));
      await journal.post(message('m', { run: 'old', to: 'agent/old.nobody' }));
      expect(await journal.prune(commitTime)).toBe(1);
      expect(await journal.load('agent/old')).toBeUndefined();
      expect(await journal.load('agent/just')).toBeDefined();
      expect([await journal.ledger('old'), await journal.mail('old')]).toEqual([[], []]);
      // The key is free again: nothing of the earlier run stands in the way of another.
      expect(await journal.claim('old', 'you', { now: commitTime, ttl: 1_000 })).toBe(1);
      await journal.commit(commitFor({ run: 'old', actor: 'agent/old', updated: commitTime }));
      expect(await journal.list('agent/old', 'said')).toEqual([]);
      expect((await journal.load('agent/r.a'))?.snapshot).toBe(blob);
      expect(await journal.load('agent/r.b')).toBeDefined();
      expect(await journal.prune(commitTime)).toBe(0);
    });

    test('old runs are forgotten a few at a time, where a process may do so while it works on others', async () => {
      await using journal = await begin();
      for (const n of [1, 2, 3]) {
        await journal.claim(`old${n}`, 'me', { now: commitTime, ttl: 1_000 });
        await journal.commit(
          commitFor({ run: `old${n}`, actor: `agent/old${n}`, status: 'done', updated: commitTime - 10 }),
        );
      }
      await journal.commit(commitFor({ updated: commitTime - 10 }));
      if (!journal.pruneSome) return;
      expect(await journal.pruneSome(commitTime, 2)).toBe(2);
      expect(await journal.find({})).toHaveLength(2);
      expect(await journal.pruneSome(commitTime, 2)).toBe(1);
      expect(await journal.pruneSome(commitTime, 2)).toBe(0);
      expect((await journal.find({})).map(({ actor }) => actor)).toEqual(['agent/r.a']);
    });

    test('a sound journal has no damage', async () => {
      await using journal = await begin();
      await journal.commit(commitFor({ appends: [{ list: 'said', entry: 1 }] }));
      await journal.commit(commitFor({ seq: 2, appends: [{ list: 'said', entry: 2 }] }));
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
        const journal = await open();
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
          commitFor({
            snapshot: 'a snapshot 4711',
            meta: { input: 'a fact 4711' },
            event: { id: 'handled', type: 'go', body: 'a handled message 4711', inbox: true },
            appends: [{ list: 'said', entry: 'an entry 4711' }],
            opens: [effectOf(0), effectOf(1), effectOf(2), reply],
          }),
        );
        journal.settle('r', [reply.key]);
        await journal.commit(
          commitFor({
            seq: 2,
            snapshot: 'a snapshot 4711',
            meta: { input: 'a fact 4711' },
            opens: [sent('agent/r.a/2/0', 'an undelivered message 4711')],
            closes: [resultOf(0, '').key, resultOf(1, '').key],
            results: [resultOf(0, 'a result 4711'), resultOf(1, large('a large result 4711'))],
          }),
        );
        await journal.commit(
          commitFor({ actor: 'agent/r.b', parent: 'agent/r.a', snapshot: large('a large value 4711') }),
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
                expect(thrown).toEqual(refusal('corrupt'));
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

    if (again)
      test('another process finds all that was acknowledged', async () => {
        const journal = await begin();
        await Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            journal.commit(commitFor({ actor: `agent/r.n${n}`, appends: [{ list: 'said', entry: n }] })),
          ),
        );
        await using other = await again(journal);
        expect(await other.find({ run: 'r', limit: 1_000 })).toHaveLength(50);
        expect(await other.list('agent/r.n49', 'said')).toEqual([49]);
        expect((await other.verify()).damage).toEqual([]);
      });
  });
}
