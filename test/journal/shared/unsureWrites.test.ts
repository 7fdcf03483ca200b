/** A write that was rejected because nobody knew its outcome, and is stored after all: asked for again it is known, and what nobody waits for is undone. */
import { expect, test, vi } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import type { FencedLogs } from '../../../src/journal/shared/store.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { sleep } from '../../../src/values/clock.ts';
import { TroupeError } from '../../../src/values/failure.ts';
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

/** Segments that are 40 ms on the way, and whose answers take as long. */
const slow = (runs: FencedLogs, { clock }: ReturnType<typeof sharedWorld>): FencedLogs => ({
  ...runs,
  async append(...given) {
    await sleep(clock, 40);
    const sequence = await runs.append(...given);
    await sleep(clock, 40);
    return sequence;
  },
});
const noAnswer = () => new TroupeError('storage', 'The server gives no answer.');

test.each([
  ['never arrives', undefined],
  ['is stored at once', 0],
  ['is stored later', 250],
])('a run whose claim is asked for again at any moment has one owner, when the first claim %s', async (_, arrival) => {
  for (let passed = 0; passed <= 600; passed += 20) {
    await using at = sharedWorld();
    const runs = slow(at.truth.runs, at);
    let asked = 0;
    const append: FencedLogs['append'] = async (...given) => {
      if (asked++ > 0) return runs.append(...given);
      if (arrival !== undefined) at.clock.wake(at.clock.now() + arrival, () => void at.truth.runs.append(...given));
      throw noAnswer();
    };
    const mine = at.open({ runs: { ...runs, append } });
    await expect(mine.claim('r', 'me', claimOptions)).rejects.toMatchObject({ kind: 'storage' });
    await at.advance(passed, 10);
    const again = mine.claim('r', 'me', claimOptions);
    await at.advance(2_000, 10);
    const epoch = await again;
    const moment = `asked for again after ${passed} ms`;
    await mine.commit({ ...first, epoch });
    await at.advance(10_000);
    await expect(at.other.claim('r', 'other', claimOptions), moment).rejects.toMatchObject({ kind: 'owned_elsewhere' });
    await mine.commit({ ...second, epoch });
    expect(await at.other.history({ run: 'r' }), moment).toHaveLength(2);
  }
});

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

test('a write that nobody waits for, and that is stored after its run was given back, troubles nobody', async () => {
  await using at = sharedWorld();
  const { logs } = at.truth;
  let isAnswered = true;
  const answer = <T>(found: T): T => {
    if (isAnswered) return found;
    throw noAnswer();
  };
  const mine = at.open({
    runs: slow(at.truth.runs, at),
    logs: {
      ...logs,
      append: async (...given) => answer(await logs.append(...given)),
      last: async (name) => answer(await logs.last(name)),
    },
  });
  const claimed = mine.claim('r', 'me', claimOptions);
  await at.advance(100, 10);
  await mine.commit({ ...first, epoch: await claimed });
  const unhandled = vi.fn();
  process.prependListener('unhandledRejection', unhandled);
  try {
    const released = mine.release('r', 1);
    await at.advance(10, 10);
    isAnswered = false;
    mine.settle('r', ['agent/r/1/0']);
    await at.advance(10_000);
    await released;
    isAnswered = true;
    await at.advance(10_000);
    expect(mine.trouble?.()).toBeUndefined();
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});
