/** A run has one owner at a time, and a former owner writes nothing. */
import { expect, test } from 'vitest';
import { commitTime } from '../commit.ts';
import { asymmetric, begin, commitOf, dead, refusedWith, type JournalCase } from './fixtures.ts';

export function leaseTests(subject: JournalCase) {
  const { forfeit } = subject;
  /** The end of a lease: a process whose life decides has none that is known beforehand. */
  const until = (at: number) => (forfeit ? asymmetric(expect.any(Number)) : at);
  test('a run has one owner: another process gets it only when the claim has run out, or the owner is gone', async () => {
    await using journal = await begin(subject);
    const claim = (owner: string, at: number, alive = true) =>
      journal.claim('r', owner, { now: at, ttl: 1_000, alive: () => alive });
    await expect(claim('you', commitTime + 999)).rejects.toEqual(refusedWith('owned_elsewhere', { owner: 'me' }));
    expect(await claim('you', commitTime + 1, false)).toBe(2);
    await forfeit?.(journal, 'you');
    expect(await claim('me', commitTime + 1_002)).toBe(3);
    expect(await claim('me', commitTime + 1_003)).toBe(4);
    await journal.release('r', 4);
    expect(await claim('you', commitTime + 1_004)).toBe(5);
  });

  test('it lists which process owns which active run, and which runs are free', async () => {
    await using journal = await begin(subject);
    await journal.claim('other', 'you', { now: commitTime, ttl: 9_000 });
    await journal.claim('unborn', 'you', { now: commitTime, ttl: 9_000 });
    await journal.claim('ended', 'you', { now: commitTime, ttl: 9_000 });
    await journal.commit(commitOf());
    await journal.commit(commitOf({ run: 'other', actor: 'agent/other.b' }));
    await journal.commit(commitOf({ run: 'other', actor: 'agent/other.c', parent: 'agent/other.b' }));
    await journal.commit(commitOf({ run: 'ended', actor: 'agent/ended.d', status: 'done' }));
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
    await using journal = await begin(subject);
    expect(await journal.renew('r', 1, commitTime + 5_000)).toBe(true);
    await expect(journal.claim('r', 'you', { now: commitTime + 4_999, ttl: 1_000 })).rejects.toEqual(
      refusedWith('owned_elsewhere'),
    );
    await forfeit?.(journal, 'me');
    expect(await journal.claim('r', 'you', { now: commitTime + 5_000, ttl: 1_000 })).toBe(2);
    expect(await journal.renew('r', 1, commitTime + 9_000)).toBe(false);
    await journal.release('r', 1);
    await expect(journal.claim('r', 'me', { now: commitTime + 5_500, ttl: 1_000 })).rejects.toEqual(
      refusedWith('owned_elsewhere'),
    );
  });

  test('the claim of a run that is new holds as any other, before and after its first commit', async () => {
    await using journal = await begin(subject);
    const claim = (run: string, owner: string, at = commitTime) =>
      journal.claim(run, owner, { now: at, ttl: 1_000, isNew: true });
    for (const run of ['n', 'o', 'p']) expect(await claim(run, 'me')).toBe(1);
    if (journal.renewAll && !forfeit) expect(await journal.renewAll('me', commitTime + 1_000)).toBe(4);
    expect(await journal.renew('o', 1, commitTime + 5_000)).toBe(true);
    for (const run of ['n', 'o']) await journal.commit(commitOf({ run, actor: `agent/${run}` }));
    await expect(claim('n', 'you')).rejects.toEqual(refusedWith('owned_elsewhere'));
    await expect(claim('o', 'you', commitTime + 4_000)).rejects.toEqual(refusedWith('owned_elsewhere'));
    if (journal.renewAll && !forfeit) expect(await journal.renewAll('me', commitTime + 1_000)).toBe(4);
    // It is given back before anything of it is stored, or when it has ended.
    await journal.release('p', 1);
    await journal.release('n', 1, 'ended');
    if (journal.renewAll && !forfeit) expect(await journal.renewAll('me', commitTime + 1_000)).toBe(2);
    for (const run of ['n', 'p']) expect(await claim(run, 'you')).toBe(2);
    await expect(journal.commit(commitOf({ run: 'n', actor: 'agent/n', seq: 2 }))).rejects.toEqual(
      refusedWith('fenced'),
    );
  });

  test('all claims of an owner are renewed at once, and it is told how many they are', async (context) => {
    await using journal = await begin(subject);
    const { renewAll } = journal;
    if (!renewAll || forfeit)
      return context.skip('The time in a claim does not decide here, or each is renewed by itself.');
    const claim = (run: string, owner: string, now: number) => journal.claim(run, owner, { now, ttl: 1_000 });
    const renew = (until: number, owner = 'me') => renewAll(owner, commitTime + until);
    expect(await renew(0, 'nobody')).toBe(0);
    await journal.commit(commitOf());
    for (const run of ['s', 't']) await claim(run, 'me', commitTime);
    await claim('u', 'you', commitTime);
    await journal.commit(commitOf({ run: 'u', actor: 'agent/u' }));
    expect(await renew(5_000)).toBe(3);
    expect((await journal.claims()).map(({ run, until }) => [run, until - commitTime])).toEqual([
      ['r', 5_000],
      ['u', 1_000],
    ]);
    expect(await journal.claims({ expiredAt: commitTime + 4_999 })).toMatchObject([{ run: 'u' }]);
    for (const run of ['r', 's', 't'])
      await expect(claim(run, 'you', commitTime + 4_999)).rejects.toEqual(
        refusedWith('owned_elsewhere', { owner: 'me', until: commitTime + 5_000 }),
      );
    expect(await renew(3_000)).toBe(3);
    expect(await claim('t', 'you', commitTime + 3_000)).toBe(2);
  });

  test('a claim that was lost or given back is not renewed with the others, and not counted', async (context) => {
    await using journal = await begin(subject);
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
    await using journal = await begin(subject);
    await journal.commit(commitOf());
    await forfeit?.(journal, 'me');
    await journal.claim('r', 'you', { now: commitTime + 2_000, ttl: 1_000 });
    await expect(journal.commit(commitOf({ seq: 2 }))).rejects.toEqual(refusedWith('fenced'));
    await expect(
      journal.record('r', 1, 'agent/r.a', commitTime, {
        key: 'k',
        name: 'n',
        input: 1,
        outcome: { ok: true, output: 1 },
      }),
    ).rejects.toEqual(refusedWith('fenced'));
    await expect(journal.bury('r', 1, dead('d1').entry)).rejects.toEqual(refusedWith('fenced'));
    await expect(journal.commit(commitOf({ run: 'unclaimed', actor: 'agent/unclaimed.u' }))).rejects.toEqual(
      refusedWith('fenced'),
    );
    await journal.commit(commitOf({ seq: 2, epoch: 2 }));
    expect((await journal.load('agent/r.a'))?.seq).toBe(2);
  });
}
