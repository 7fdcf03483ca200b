/** Rare orders of steps between processes that share a journal: what was acknowledged stays, and who lost a run stays without it. */
import { expect, test } from 'vitest';
import { encodeSegment, segmentHead } from '../../../src/journal/shared/segment.ts';
import { memoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { RunReader } from '../../../src/journal/shared/runReader.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { FencedLogs, SharedStore } from '../../../src/journal/shared/store.ts';
import { Tails } from '../../../src/journal/shared/tails.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';

const run = 'job';
const claim = { now: 0, ttl: 10_000 };
const commitOf = (seq: number, epoch: number) =>
  commitFor({ run, actor: `agent/${run}`, seq, epoch, event: { id: `event ${seq}`, type: 'go', body: {} } });
const noise = { headers: { Other: 'program' }, body: new Uint8Array([1]) };
const lastOf = async (logs: FencedLogs, name: string) => (await logs.last(name))?.sequence ?? 0;

/** Appends to a collection wait from `hold` until `pass`. */
function held(logs: FencedLogs) {
  let gate: Promise<void> | undefined;
  let open = () => {};
  let reached = () => {};
  return {
    logs: {
      ...logs,
      append: async (...args) => {
        reached();
        await gate;
        return logs.append(...args);
      },
    } satisfies FencedLogs,
    /** Resolves when an append waits. */
    hold(): Promise<void> {
      gate = new Promise((resolve) => (open = resolve));
      return new Promise((resolve) => (reached = resolve));
    },
    pass: () => open(),
  };
}

async function collected<T>(found: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of found) all.push(each);
  return all;
}

/** Lets time pass until a promise is settled. */
async function within<T>(clock: ReturnType<typeof virtualClock>, result: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const end = () => settled.abort();
  void result.then(end, end);
  for (let n = 0; n < 200 && !settled.signal.aborted; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (n % 10 === 9) clock.advance(500);
  }
  return result;
}

test('who read a message settled while its run was given back sees what the next owner writes', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const gate = held(store.runs);
  const first = shared({ store: { ...store, runs: gate.logs }, clock });
  const second = shared({ store: store.open(), clock });
  const reader = shared({ store: store.open(), clock });
  const epoch = await within(clock, first.claim(run, 'first', claim));
  await first.commit(commitOf(1, epoch));

  const waits = gate.hold();
  const released = first.release(run, epoch);
  await waits;
  first.settle(run, ['message 1']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await reader.find({ run })).toMatchObject([{ seq: 1 }]);
  gate.pass();
  await released;

  const next = await within(clock, second.claim(run, 'second', claim));
  await second.commit(commitOf(2, next));
  await within(clock, second.release(run, next));
  expect(await reader.find({ run })).toMatchObject([{ seq: 2 }]);
});

test('a run that is read while it is claimed is not read on in the memory of its owner', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const owner = shared({ store, clock });
  const epoch = await within(clock, owner.claim(run, 'owner', claim));
  await owner.commit(commitOf(1, epoch));

  const other = store.open();
  const reader = new RunReader(other.runs, new Tails(other.logs), clock);
  const [taken, read] = await Promise.all([reader.take(run), reader.read(run)]);
  expect(taken?.replica.summary).toEqual(read?.replica.summary);
  expect(taken?.replica).not.toBe(read?.replica);
});

test('a process whose log was ended stays so when another program writes behind the end', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const first = shared({ store, clock });
  const epoch = await within(clock, first.claim(run, 'first', claim));
  await first.commit(commitOf(1, epoch));
  const second = shared({ store: store.open(), clock });
  await within(clock, second.claim(run, 'second', { ...claim, alive: () => false }));
  const [log = ''] = (await store.logs.names()).filter((name) => name.startsWith('first'));
  await store.logs.append(log, await lastOf(store.logs, log), noise);

  await expect(within(clock, first.commit(commitOf(2, epoch)))).rejects.toMatchObject({ kind: 'fenced' });
});

test('an entry whose acknowledgement was lost is not stored twice when another program writes behind it', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  let isLost = false;
  const logs: FencedLogs = {
    ...store.logs,
    async append(name, expected, message) {
      const sequence = await store.logs.append(name, expected, message);
      if (!isLost || sequence === undefined) return sequence;
      isLost = false;
      await store.logs.append(name, sequence, noise);
      return undefined;
    },
  };
  const owner = shared({ store: { ...store, logs }, clock });
  const epoch = await within(clock, owner.claim(run, 'owner', claim));
  isLost = true;
  await within(clock, owner.commit(commitOf(1, epoch)));
  const [log = ''] = await store.logs.names();
  const bodies = (await collected(store.logs.read(log))).map(({ body }) => new TextDecoder().decode(body));
  expect(bodies.filter((body) => body.includes('event 1'))).toHaveLength(1);
});

test('a former owner appends no segment behind the claim of another one when another program writes behind that', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const first = shared({ store, clock });
  const epoch = await within(clock, first.claim(run, 'first', claim));
  await first.commit(commitOf(1, epoch));
  const last = await store.runs.last(run);
  const head = last && segmentHead(last);
  if (!last || !head) throw new Error('The run has a segment.');
  const { chain: before, summary } = head;
  const next = { owner: 'second~1', former: undefined, epoch: epoch + 1, upTo: 0, before, summary, texts: [] };
  const { chain, ...message } = await encodeSegment(next);
  await store.runs.append(run, last.sequence, message);
  await store.runs.append(run, await lastOf(store.runs, run), noise);

  await within(clock, first.release(run, epoch)).catch(() => {});
  const segments = (await collected(store.runs.read(run))).flatMap((each) => segmentHead(each)?.chain ?? []);
  expect(segments.at(-1)).toBe(chain);
});

test('a process whose clock was set back still asks whether its log was ended', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  let ahead = 3_600_000;
  const jumping = {
    ...clock,
    now: () => clock.now() + ahead,
    wake: (at: number, call: () => void) => clock.wake(at - ahead, call),
  };
  let announced = 0;
  const presence: SharedStore['presence'] = {
    ...store.presence,
    announce: async (process) => {
      announced++;
      await store.presence.announce(process);
    },
  };
  const journal = shared({ store: { ...store, presence }, clock: jumping });
  const epoch = await within(clock, journal.claim(run, 'owner', claim));
  await journal.commit(commitOf(1, epoch));
  ahead = 0;
  announced = 0;
  await within(clock, journal.renew(run, epoch, clock.now() + 10_000));
  expect(announced).toBeGreaterThan(0);
});

test('lists read no run of which the index says all', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const owner = shared({ store, clock });
  const runs = Array.from({ length: 50 }, (_, n) => `job${n}`);
  for (const each of runs) {
    const epoch = await within(clock, owner.claim(each, 'owner', claim));
    await owner.commit(commitFor({ run: each, actor: `agent/${each}`, epoch }));
  }
  for (let n = 0; n < 20; n++) {
    clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }

  const other = store.open();
  const read: string[] = [];
  const counting: FencedLogs = {
    ...other.runs,
    read: (name, after) => (read.push(name), other.runs.read(name, after)),
  };
  const reader = shared({ store: { ...other, runs: counting }, clock });
  expect(await reader.claims()).toHaveLength(50);
  expect(await reader.find({ parent: null, status: 'done' })).toEqual([]);
  expect(read).toEqual([]);

  await owner.commit(
    commitFor({
      run: 'job7',
      actor: 'agent/job7',
      seq: 2,
      status: 'done',
      event: { id: 'end', type: 'end', body: {} },
    }),
  );
  expect(await reader.find({ parent: null, status: 'done' })).toMatchObject([{ run: 'job7' }]);
  expect(await reader.claims()).toHaveLength(49);
  expect(new Set(read)).toEqual(new Set(['job7']));
});

test('who looks for free runs reads no log of a process that lives', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const owner = shared({ store, clock });
  const epoch = await within(clock, owner.claim(run, 'owner', claim));
  await owner.commit(commitOf(1, epoch));
  for (let n = 0; n < 5; n++) {
    clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }

  const other = store.open();
  const read: string[] = [];
  const counting: FencedLogs = {
    ...other.logs,
    read: (name, after) => (read.push(name), other.logs.read(name, after)),
  };
  const reader = shared({ store: { ...other, logs: counting }, clock });
  expect(await within(clock, reader.claims({ expiredAt: clock.now() }))).toEqual([]);
  expect(read).toEqual([]);
});

test('the log of a dead process is read once, however many of its runs are taken over', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const first = shared({ store, clock });
  const runs = Array.from({ length: 20 }, (_, n) => `job${n}`);
  for (const each of runs) {
    const epoch = await within(clock, first.claim(each, 'first', claim));
    await first.commit(commitFor({ run: each, actor: `agent/${each}`, epoch }));
  }

  const other = store.open();
  const read: string[] = [];
  const counting: FencedLogs = {
    ...other.logs,
    read: (name, after) => (read.push(name), other.logs.read(name, after)),
  };
  const second = shared({ store: { ...other, logs: counting }, clock });
  for (const each of runs) await within(clock, second.claim(each, 'second', { ...claim, alive: () => false }));
  expect(await second.find({ parent: null })).toHaveLength(20);
  // Before and after its end.
  expect(read.filter((name) => name.startsWith('first'))).toHaveLength(2);
});

test('a message that its run looks for while it is being stored is found once it is stored', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const mail = held(store.mail);
  const journal = shared({ store: { ...store, mail: { ...store.mail, ...mail.logs } }, clock });
  const epoch = await journal.claim(run, 'first', claim);
  await journal.commit(commitOf(1, epoch!));
  const isStored = mail.hold();
  const posted = journal.post({
    kind: 'signal',
    id: 'answer',
    to: `agent/${run}`,
    from: 'agent/people',
    type: 'go',
    body: {},
    run,
    posted: 0,
  });
  await isStored;
  expect(await journal.mail(run)).toEqual([]);
  mail.pass();
  await posted;
  expect((await journal.mail(run)).map(({ id }) => id)).toEqual(['answer']);
});
