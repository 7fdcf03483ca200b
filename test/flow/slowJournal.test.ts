/** A journal that takes long: what a process has begun it does not begin again, however late its turns come. */
import { expect, test } from 'vitest';
import { flow, openRuntime, type Flow, type Runtime } from '../../src/index.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { deferred } from '../deferred.ts';
import { journalOf, resultIn } from './processes.ts';

const pause = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

type Held = 'commit' | 'commitAll' | 'record' | 'renew' | 'renewAll' | 'list' | 'ledger';

/** A journal in memory some of whose calls can be held for a while. */
function slowJournal() {
  const journal = memory();
  const held = new Map<Held, Promise<void>>();
  const late =
    <Given extends unknown[], Gives>(name: Held, call: ((...given: Given) => Promise<Gives>) | undefined) =>
    async (...given: Given): Promise<Gives> => {
      await held.get(name);
      if (!call) throw new Error(`The journal in memory has no ${name}.`);
      return call(...given);
    };
  return {
    journal: {
      ...journal,
      commit: late('commit', journal.commit),
      commitAll: late('commitAll', journal.commitAll),
      record: late('record', journal.record),
      renew: late('renew', journal.renew),
      renewAll: late('renewAll', journal.renewAll),
      list: late('list', journal.list),
      ledger: late('ledger', journal.ledger),
    },
    /** Holds the calls of these names, until the result is called. */
    hold(...names: Held[]): () => void {
      const { promise, resolve } = deferred();
      for (const name of names) held.set(name, promise);
      return () => {
        for (const name of names) held.delete(name);
        resolve();
      };
    },
  };
}

async function opened(journal: Journal) {
  const clock = virtualClock();
  const runtime = await openRuntime({ journal, clock, env: {}, project: false, poll: 86_400_000, leaseTtl: 10_000 });
  return {
    runtime,
    /** Moves time, and lets everything happen that does not need more of it. */
    async advance(ms: number) {
      clock.advance(ms);
      await pause();
    },
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

const note = (runtime: Runtime, root: string) =>
  runtime.signal(root, { type: 'flow.signal', name: 'note', value: 'noted' });

/** Work that takes long, and something that arrives meanwhile. */
function working(): { readonly subject: Flow; readonly done: string[]; finish(): void } {
  const { done, does } = journalOf();
  const finished = deferred();
  const subject = flow('steps', async (ctx) => {
    const work = ctx.checkpoint('work', async () => {
      does('work');
      await finished.promise;
      return 'worked';
    });
    const pauses = Promise.all([5, 6, 7].map((ms) => ctx.sleep(ms)));
    const noted = await ctx.signal('note');
    await pauses;
    return [await work, noted];
  });
  return { subject, done, finish: () => finished.resolve() };
}

const expected = ['worked', 'noted'];

const untilBegun = async (done: readonly string[]) => {
  while (done.length === 0) await pause();
  await pause();
};

test('turns that one commit has passed over change nothing', async () => {
  const { journal, hold } = slowJournal();
  const { subject, done, finish } = working();
  await using process = await opened(journal);
  const { runtime, advance } = process;
  const handle = await runtime.start(subject, null, { key: 'r' });
  await untilBegun(done);
  const release = hold('commit', 'commitAll');
  // The first is being stored while the others come, which are stored together then.
  for (const ms of [5, 1, 1]) await advance(ms);
  release();
  await pause(20);
  await note(runtime, handle.root);
  finish();
  expect(resultIn(await handle.outcome())).toEqual(expected);
  expect(done).toEqual(['work']);
});

test('a turn that begins only seconds after the last one was stopped, because the disk stands still, finds the body', async () => {
  const { journal, hold } = slowJournal();
  const { subject, done, finish } = working();
  await using process = await opened(journal);
  const { runtime, advance } = process;
  const handle = await runtime.start(subject, null, { key: 'r' });
  await untilBegun(done);
  await advance(10);
  // Longer than the lease lasts: it must be confirmed before the next turn.
  const release = hold('renew', 'renewAll');
  for (let i = 0; i < 5; i++) await advance(3_000);
  await note(runtime, handle.root);
  for (let i = 0; i < 5; i++) await advance(3_000);
  release();
  await pause(20);
  finish();
  expect(resultIn(await handle.outcome())).toEqual(expected);
  expect(done).toEqual(['work']);
});

test('a commit of seconds, of what is recorded and of what arrives, changes nothing', async () => {
  const { journal, hold } = slowJournal();
  const { subject, done, finish } = working();
  await using process = await opened(journal);
  const { runtime, advance } = process;
  const handle = await runtime.start(subject, null, { key: 'r' });
  await untilBegun(done);
  const release = hold('commit', 'commitAll', 'record', 'renew', 'renewAll');
  finish();
  const noted = note(runtime, handle.root);
  for (let i = 0; i < 10; i++) await advance(3_000);
  release();
  await noted;
  await advance(1_000);
  expect(resultIn(await handle.outcome())).toEqual(expected);
  expect(done).toEqual(['work']);
});

test('a body is begun once, although something arrives while its records are still read', async () => {
  const { journal, hold } = slowJournal();
  const { subject, done, finish } = working();
  await using process = await opened(journal);
  const { runtime, advance } = process;
  const first = await runtime.start(subject, null, { key: 'r' });
  await untilBegun(done);
  await first.park();
  done.length = 0;
  const release = hold('list', 'ledger');
  const resumed = runtime.resume('r', subject);
  await pause(20);
  await note(runtime, first.root);
  await pause(20);
  release();
  const handle = await resumed;
  await untilBegun(done);
  await advance(10);
  finish();
  expect(resultIn(await handle.outcome())).toEqual(expected);
  expect(done).toEqual(['work']);
});

test('a write is not performed any more when the flow is cancelled before it is recorded that it begins', async () => {
  const { journal, hold } = slowJournal();
  const { done, does } = journalOf();
  const subject = flow('steps', async (ctx) => {
    const paid = ctx.checkpoint('pay', { effect: 'write' }, () => does('pay'));
    does('asked');
    await paid;
  });
  await using process = await opened(journal);
  const release = hold('record');
  const handle = await process.runtime.start(subject, null, { key: 'r' });
  await untilBegun(done);
  await process.runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  await pause(20);
  release();
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  expect(done).toEqual(['asked']);
});
