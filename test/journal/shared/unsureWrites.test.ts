/** A write that was rejected because nobody knew its outcome, and is stored after all: asked for again it is known, and what nobody waits for is undone. */
import { expect, test } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { claimOptions, contentsOf, sharedWorld } from './faults.ts';

const first = commitFor({ actor: 'agent/r', seq: 1, appends: [{ list: 'said', entry: 'once' }] });
const letter = { id: 'm1', type: 'x', from: 'agent/b', to: 'agent/r', body: 1, kind: 'tell' as const };
const mail = { ...letter, id: 'm2', run: 'r' };
const failure = { kind: 'expired' as const, message: 'Late.', retryable: false };
const result = { key: 'agent/r/1/0', name: 'call', input: 1, outcome: { ok: true as const, output: 7 } };
const second = { ...first, seq: 2, event: { ...first.event, id: 'e2' } };
const writes: Readonly<Record<string, (journal: Journal, attempt: number) => Promise<unknown>>> = {
  'a commit': (journal) => journal.commit(second),
  'a result': (journal) => journal.record('r', 1, 'agent/r', commitTime, result),
  'a dead letter, which has another time by then': (journal, attempt) =>
    journal.bury('r', 1, { ...letter, at: commitTime + attempt, failure }),
  'a message': (journal) => journal.post(mail),
  'a release': (journal) => journal.release('r', 1),
};

for (const [how, weather] of [
  ['it comes to the server later', 'away'],
  ['only the answer was lost', 'unanswered'],
] as const) {
  test(`a claim whose outcome was unknown is given back when it is stored, so that it holds up nobody; ${how}`, async () => {
    await using at = sharedWorld();
    await at.mine.claim('q', 'me', claimOptions);
    await at.unsure(weather, () => at.mine.claim('r', 'me', claimOptions));
    await at.back();
    expect(await at.other.claim('r', 'other', claimOptions)).toBeGreaterThan(1);
  });

  test(`a claim that is asked for again keeps its run, although the first one was stored late; ${how}`, async () => {
    await using at = sharedWorld();
    await at.unsure(weather, () => at.mine.claim('r', 'me', claimOptions));
    at.server.weather = 'well';
    const again = at.mine.claim('r', 'me', claimOptions);
    await at.back();
    await at.mine.commit(commitFor({ actor: 'agent/r', seq: 1, epoch: await again }));
    await expect(at.other.claim('r', 'other', claimOptions)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
    expect(await at.other.history({ run: 'r' })).toHaveLength(1);
  });

  for (const [name, write] of Object.entries(writes))
    for (const when of ['before', 'after'])
      test(`${name} that is asked for again ${when} it is stored is made once, and is known; ${how}`, async () => {
        await using at = sharedWorld();
        await using once = sharedWorld();
        for (const { mine } of [at, once]) {
          await mine.claim('r', 'me', claimOptions);
          await mine.commit(first);
        }
        await write(once.mine, 0);
        await at.unsure(weather, () => write(at.mine, 0));
        if (when === 'after') await at.back();
        at.server.weather = 'well';
        const again = write(at.mine, 1);
        await at.back();
        await again;
        const expected = await contentsOf(once.mine);
        expect(await contentsOf(at.mine)).toEqual(expected);
        expect(await contentsOf(at.other)).toEqual(expected);
      });
}

test('what gives something back is done as soon as the server is there, although nobody waits for it any more', async () => {
  await using at = sharedWorld();
  await at.mine.claim('r', 'me', claimOptions);
  await at.mine.claim('s', 'me', claimOptions);
  const data = { ...mail, from: 'agent/r', to: 'agent/b' };
  await at.mine.commit({ ...first, opens: [{ kind: 'message', key: 'agent/r/1/0', data }] });
  expect(await at.other.undelivered('r')).toHaveLength(1);
  await at.unsure('away', async () => {
    at.mine.settle('r', ['agent/r/1/0']);
    await at.mine.release('s', 1);
  });
  await at.back();
  expect(await at.other.claim('s', 'other', claimOptions)).toBe(2);
  expect(await at.other.undelivered('r')).toEqual([]);
});
