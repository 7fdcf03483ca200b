/** A write that was rejected because nobody knew its outcome, and is stored after all: asked for again it is known, and what nobody waits for is undone. */
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { TroupeError } from '../../../src/values/failure.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { Log } from '../../../src/journal/replicated/log.ts';
import { memoryReplica } from '../../../src/journal/replicated/memoryReplica.ts';
import { replicated } from '../../../src/journal/replicated/replicated.ts';
import { SharedLog } from '../../../src/testing/world/sharedLog.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';

/** A journal whose log refuses entries while it is away. `isStored`: it stores them all the same, and only the acknowledgement is lost. */
async function world(snapshotEvery = 10_000) {
  const clock = virtualClock();
  const log = new SharedLog();
  const server = { isAway: false, isStored: false };
  const through = (inner: Log): Log => ({
    ...inner,
    async append(id, bytes) {
      if (server.isAway && !server.isStored) throw new TroupeError('storage', 'The server is away.');
      log.append(id, bytes);
      if (server.isAway) throw new TroupeError('storage', 'The answer was lost.');
    },
    // An entry that was stored is read when the server is back.
    async *entries(from, signal) {
      for await (const entry of inner.entries(from, signal)) {
        while (server.isAway) await new Promise((resolve) => setImmediate(resolve));
        yield entry;
      }
    },
  });
  const mine = await replicated({ log: through(log.open()), replica: memoryReplica(), clock, snapshotEvery });
  const other = await replicated({ log: log.open(), replica: memoryReplica(), clock, snapshotEvery });
  /** In steps, so that a timer which is set on the way is due as well. */
  const advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  /** The server is away until the write is rejected. */
  const unsure = async (isStored: boolean, write: () => Promise<unknown>) => {
    Object.assign(server, { isAway: true, isStored });
    const asked = write();
    const rejected = expect(asked).rejects.toMatchObject({ kind: 'storage', retryable: true });
    await advance(10_000);
    await rejected;
  };
  const back = async () => {
    server.isAway = false;
    await advance(10_000);
  };
  return {
    advance,
    mine,
    other,
    unsure,
    back,
    async [Symbol.asyncDispose]() {
      server.isAway = false;
      await Promise.all([mine, other].map((journal) => journal[Symbol.asyncDispose]()));
    },
  };
}
const claimOptions = { now: commitTime, ttl: 60_000 };

for (const [how, isStored] of [
  ['the entry comes to the log later', false],
  ['only the acknowledgement was lost', true],
] as const) {
  test(`a claim whose outcome was unknown is given back when it is stored, so that it holds up nobody; ${how}`, async () => {
    await using at = await world();
    await at.unsure(isStored, () => at.mine.claim('r', 'me', claimOptions));
    await at.back();
    expect(await at.other.claim('r', 'other', claimOptions)).toBe(2);
  });

  test(`a claim that is asked for again keeps its run, although the first one was stored late; ${how}`, async () => {
    await using at = await world();
    await at.unsure(isStored, () => at.mine.claim('r', 'me', claimOptions));
    const again = at.mine.claim('r', 'me', claimOptions);
    await at.back();
    const epoch = await again;
    await at.mine.commit(commitFor({ seq: 1, epoch }));
    await expect(at.other.claim('r', 'other', claimOptions)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
  });

  const first = commitFor({ seq: 1, appends: [{ list: 'said', entry: 'once' }] });
  const letter = {
    id: 'm1',
    type: 'x',
    from: 'agent/b',
    to: 'agent/a',
    body: 1,
    kind: 'tell' as const,
    at: commitTime,
  };
  const buried = (at: number) => ({
    ...letter,
    at,
    failure: { kind: 'expired' as const, message: 'Late.', retryable: false },
  });
  const mail = { id: 'm2', type: 'x', from: 'agent/b', to: 'agent/a', run: 'r', body: 1, kind: 'tell' as const };
  const result = { key: 'agent/a/1/0', name: 'call', input: 1, outcome: { status: 'done' as const, output: 7 } };
  const writes: Readonly<Record<string, (journal: Journal, attempt: number) => Promise<unknown>>> = {
    'a commit': (journal) => journal.commit({ ...first, seq: 2 }),
    'a renewal': (journal) => journal.renew('r', 1, commitTime + 90_000),
    'a result': (journal) => journal.record('r', 1, 'agent/a', commitTime, result as never),
    'a dead letter, which has another time by then': (journal, attempt) =>
      journal.bury('r', 1, buried(commitTime + attempt)),
    'a message': (journal) => journal.post(mail),
    'the removal of a message': (journal) => journal.dropMail('r', 'm2'),
    'a release': (journal) => journal.release('r', 1),
  };
  for (const [name, write] of Object.entries(writes))
    for (const asksLater of [false, true])
      test(`${name} that is asked for again ${asksLater ? 'after' : 'before'} it is stored is made once, and is known; ${how}`, async () => {
        await using at = await world();
        await at.mine.claim('r', 'me', claimOptions);
        await at.mine.commit(first);
        const once = await world();
        await once.mine.claim('r', 'me', claimOptions);
        await once.mine.commit(first);
        await write(once.mine, 0);
        await at.unsure(isStored, () => write(at.mine, 0));
        if (asksLater) await at.back();
        const again = write(at.mine, 1);
        if (!asksLater) await at.back();
        await expect(again).resolves.not.toBe(false);
        await at.advance(1_000);
        const contents = async (journal: Journal) => [
          await journal.history({ run: 'r' }),
          await journal.list('agent/a', 'said'),
          await journal.list('agent/a', 'dead'),
          await journal.ledger('r'),
          await journal.mail('r'),
          await journal.claims(),
        ];
        const expected = await contents(once.mine);
        expect(await contents(at.mine)).toEqual(expected);
        expect(await contents(at.other)).toEqual(expected);
        await once[Symbol.asyncDispose]();
      });
}

test('the outcome of a write is told once more and no oftener: asked a third time, it is judged as of then', async () => {
  await using at = await world();
  await at.mine.claim('r', 'me', claimOptions);
  const renew = () => at.mine.renew('r', 1, commitTime + 90_000);
  await at.unsure(true, renew);
  await at.back();
  expect(await renew()).toBe(true);
  await at.mine.release('r', 1);
  expect(await at.other.claim('r', 'other', claimOptions)).toBe(2);
  expect(await renew()).toBe(false);
});

test('what gives something back is done as soon as the server is there, although nobody waits for it any more', async () => {
  await using at = await world();
  await at.mine.claim('r', 'me', claimOptions);
  await at.mine.claim('s', 'me', claimOptions);
  const send = { id: 'm3', type: 'x', from: 'agent/a', to: 'agent/b', run: 'r', body: 1, kind: 'tell' as const };
  const opens = [{ kind: 'message' as const, key: 'agent/a/1/0', data: send }];
  await at.mine.commit(commitFor({ seq: 1, opens: opens as never }));
  expect(await at.other.undelivered('r')).toHaveLength(1);
  await at.unsure(false, async () => {
    // It is under way when the others come, so they wait in the queue behind it.
    const first = at.mine.post({ ...send, id: 'm4' });
    first.catch(() => {});
    await at.advance(100);
    at.mine.settle('r', ['agent/a/1/0']);
    await at.mine.release('s', 1);
  });
  await at.back();
  expect(await at.other.claim('s', 'other', claimOptions)).toBe(2);
  expect(await at.other.undelivered('r')).toEqual([]);
});

test('a write that came to the log too late, so that nobody applied it, is made when it is asked for again', async () => {
  await using at = await world(10);
  await at.mine.claim('r', 'me', claimOptions);
  const write = () => at.mine.commit(commitFor({ seq: 1, appends: [{ list: 'said', entry: 'once' }] }));
  await at.unsure(false, write);
  // So many entries come before it.
  for (let n = 0; n < 12; n++) await at.other.dropMail('none', `m${n}`);
  await at.back();
  expect(await at.other.list('agent/a', 'said')).toEqual([]);
  const again = write();
  await at.advance(1_000);
  await again;
  expect(await at.other.list('agent/a', 'said')).toEqual(['once']);
});
