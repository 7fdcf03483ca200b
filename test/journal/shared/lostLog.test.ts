/** The log of a process is removed by hand: just after it was ended, or while the process lives. */
import { expect, test } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import { entryKind } from '../../../src/journal/shared/entry.ts';
import { memoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { SharedStore } from '../../../src/journal/shared/store.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { claimOptions } from './faults.ts';

const mostQuestions = 200;

test('a run whose log was removed when it was ended is claimed with what its segments have', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const first = shared({ store, clock });
  await first.claim('job', 'first', { now: 0, ttl: 10_000 });
  let removed = 0;
  let questions = 0;
  const watched: SharedStore = {
    ...store,
    logs: {
      ...store.logs,
      async append(name, expected, message) {
        const sequence = await store.logs.append(name, expected, message);
        if (entryKind(message).fencedBy !== undefined && removed++ === 0) await store.logs.remove(name);
        return sequence;
      },
    },
    runs: {
      ...store.runs,
      last(name) {
        if (++questions > mostQuestions) throw new Error('The server is asked without end.');
        return store.runs.last(name);
      },
    },
  };
  const second = shared({ store: watched, clock });
  let isSettled = false;
  const claimed = second.claim('job', 'second', { now: 0, ttl: 10_000, alive: () => false });
  const settle = () => (isSettled = true);
  void claimed.then(settle, settle);
  for (let n = 0; n < mostQuestions; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isSettled) break;
    clock.advance(100);
  }
  expect(await claimed).toBe(2);
  expect(removed).toBe(2);
  expect(questions).toBeLessThan(20);
});

test('a process whose log was purged, with writes that it had acknowledged, stops and says that they are gone', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const journal = shared({ store, clock });
  const epoch = await journal.claim('job', 'here', claimOptions);
  await journal.commit(commitFor({ run: 'job', actor: 'agent/job', epoch }));
  const [log = ''] = await store.logs.names();
  await store.logs.remove(log);
  const gone = { kind: 'environment', message: expect.stringMatching(/had acknowledged are gone/) as string };
  await expect(journal.commit(commitFor({ run: 'job', actor: 'agent/job', epoch, seq: 2 }))).rejects.toMatchObject(
    gone,
  );
  expect(journal.lost?.()).toMatchObject(gone);
});

test('a process that holds a run which was deleted from the server says so', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const notices: string[] = [];
  const journal = shared({ store, clock, onNotice: (says) => notices.push(says) });
  for (const run of ['job', 'other']) {
    const epoch = await journal.claim(run, 'here', claimOptions);
    await journal.commit(commitFor({ run, actor: `agent/${run}`, epoch }));
  }
  await store.runs.remove('job');
  // It is quiet, and its writes are moved into a segment.
  for (let passed = 0; passed < 10_000; passed += 500) {
    clock.advance(500);
    await new Promise((turn) => setImmediate(turn));
  }
  expect(notices).toEqual([
    expect.stringMatching(/^The run job was deleted from the server while this process had it/),
  ]);
  expect((await journal.claims({ owner: 'here' })).map(({ run }) => run)).toEqual(['other']);
});

test.each([
  ['pruned', (journal: Journal) => journal.prune(commitTime + 1_000)],
  ['set aside', (journal: Journal) => journal.setAside?.('job', { now: 0, keep: () => {} })],
])('a process that has %s a run itself, just while it wrote it, is told nothing of it', async (_, remove) => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const notices: string[] = [];
  const writing = { isHeldUp: false, count: 0, goOn: () => {} };
  const slow: SharedStore = {
    ...store,
    runs: {
      ...store.runs,
      async append(name, expected, message) {
        if (writing.isHeldUp) {
          writing.count++;
          await new Promise<void>((resolve) => (writing.goOn = resolve));
        }
        return store.runs.append(name, expected, message);
      },
    },
  };
  const journal = shared({ store: slow, clock, onNotice: (says) => notices.push(says) });
  const epoch = await journal.claim('job', 'here', claimOptions);
  writing.isHeldUp = true;
  await journal.commit(commitFor({ run: 'job', actor: 'agent/job', epoch, status: 'done' }));
  const pass = async () => {
    clock.advance(500);
    await new Promise((turn) => setImmediate(turn));
  };
  await expect.poll(async () => (await pass(), writing.count)).toBe(1);
  await remove(journal);
  expect(await store.runs.last('job')).toBeUndefined();
  writing.goOn();
  for (let n = 0; n < 20; n++) await pass();
  expect(notices).toEqual([]);
});
