/** A replicated journal whose log is truncated after snapshots: a process that was away or is new has the same state, and no entry is applied twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Clock } from '../../../src/values/clock.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { sqliteReplica } from '../../../src/journal/replicated/sqliteReplica.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { Log, LogEntry } from '../../../src/journal/replicated/log.ts';
import { memoryReplica } from '../../../src/journal/replicated/memoryReplica.ts';
import { replicated } from '../../../src/journal/replicated/replicated.ts';
import type { JournalReplica } from '../../../src/journal/replicated/replica.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { seededRandom } from '../../../src/testing/world/random.ts';
import { SharedLog } from '../../../src/testing/world/sharedLog.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';

/** A clock whose timers fire at once. */
const immediateClock: Clock = {
  ...systemClock(),
  wake(_at, call) {
    const timer = setImmediate(call);
    return { [Symbol.dispose]: () => clearImmediate(timer) };
  },
};
const every = 10;
const replicas: Record<string, () => Promise<JournalReplica>> = {
  memory: async () => memoryReplica(),
  'a file': () => sqliteReplica(':memory:'),
};
const folder = mkdtempSync(join(tmpdir(), 'troupe-snapshots-'));
let count = 0;
const file = () => join(folder, `view-${count++}.db`);
const opened: Journal[] = [];
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal[Symbol.asyncDispose]();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** `through` wraps the log of this process. */
async function open(
  log: SharedLog,
  replica: JournalReplica,
  { through = (inner: Log) => inner, notices = [] as string[], snapshotBytes = 1e9, acceptRestored = false } = {},
) {
  const notice = (says: string) => void notices.push(says);
  const journal = await replicated({
    log: through(log.open()),
    replica: replica,
    clock: immediateClock,
    snapshotEvery: every,
    snapshotBytes: snapshotBytes,
    acceptRestored,
    onNotice: notice,
  });
  opened.push(journal);
  return journal;
}
/** Commits the numbers from `from` to `to`, each in a log entry of its own. */
async function commitNumbers(journal: Journal, from: number, to: number, epoch = 1) {
  for (let seq = from; seq <= to; seq++)
    await journal.commit(commitFor({ seq, epoch, appends: [{ list: 'said', entry: seq }] }));
}
/** The same, but waits for each snapshot that is due. */
async function commitAndSnapshot(journal: Journal, log: SharedLog, from: number, to: number, epoch = 1) {
  for (let seq = from; seq <= to; seq++) {
    await commitNumbers(journal, seq, seq, epoch);
    const { last } = log.standing;
    if (last % every === 0) await expect.poll(() => log.open().snapshots.list()).toContain(last);
  }
}
const numbers = (to: number) => Array.from({ length: to }, (_, n) => n + 1);
const storedNumbers = (journal: Journal) => journal.list('agent/a', 'said');
/** A log that can be stalled: no entry reaches the process until it continues. */
function stallable() {
  let unstall = () => {};
  let until = Promise.resolve();
  const through = (inner: Log): Log => ({
    ...inner,
    async *entries(from, signal): AsyncGenerator<LogEntry> {
      for await (const entry of inner.entries(from, signal)) {
        await until;
        yield entry;
      }
    },
  });
  return {
    through,
    stall: () => void (until = new Promise((resolve) => (unstall = resolve))),
    unstall: () => unstall(),
  };
}

for (const [kind, replica] of Object.entries(replicas)) {
  test(`replica in ${kind}: the log stays short, and a new process reads everything`, async () => {
    const log = new SharedLog();
    const first = await open(log, await replica());
    await first.claim('r', 'me', { now: commitTime, ttl: 60_000 });
    await commitAndSnapshot(first, log, 1, 100);
    await expect.poll(() => log.entries.length).toBeLessThanOrEqual(2 * every + 1);
    const late = await open(log, await replica());
    expect(await storedNumbers(late)).toEqual(numbers(100));
    expect(await late.history({ run: 'r' })).toEqual(await first.history({ run: 'r' }));
    expect((await late.verify()).damage).toEqual([]);
    expect(await late.claim('r', 'me', { now: commitTime, ttl: 1_000 })).toBe(2);
    await commitNumbers(late, 101, 102, 2);
    await expect.poll(() => storedNumbers(first)).toEqual(numbers(102));
    await expect(first.commit(commitFor({ seq: 103 }))).rejects.toMatchObject({ kind: 'fenced' });
  });

  test(`replica in ${kind}: a process that stalled while the log was truncated notices it, and misses nothing`, async () => {
    const log = new SharedLog();
    const [writer, still] = [await open(log, await replica()), stallable()];
    const other = await open(log, await replica(), still);
    await writer.claim('r', 'me', { now: commitTime, ttl: 60_000 });
    await commitNumbers(writer, 1, 3);
    await expect.poll(() => storedNumbers(other)).toEqual(numbers(3));
    still.stall();
    await commitAndSnapshot(writer, log, 4, 60);
    await expect.poll(() => log.standing.first).toBeGreaterThan(20);
    still.unstall();
    await expect.poll(() => storedNumbers(other)).toEqual(numbers(60));
    await commitNumbers(writer, 61, 62);
    await expect.poll(() => storedNumbers(other)).toEqual(numbers(62));
    expect((await other.verify()).damage).toEqual([]);
  });

  test(`replica in ${kind}: an entry that is stored again after the snapshot is not applied again`, async () => {
    const log = new SharedLog();
    const first = await open(log, await replica());
    await first.claim('r', 'one', { now: commitTime, ttl: 60_000 });
    await commitNumbers(first, 1, 3);
    await first.claim('r', 'one', { now: commitTime, ttl: 60_000 });
    const claim = log.entries.at(-1)!;
    await commitAndSnapshot(first, log, 4, 7, 2);
    await first.release('q', 1); // A snapshot is taken at this entry.
    await expect.poll(() => log.open().snapshots.list()).toEqual([every]);
    log.append(claim.id, claim.bytes);
    const late = await open(log, await replica());
    // Applied again, the entry would have ended epoch 2.
    await commitNumbers(late, 8, 8, 2);
    await expect.poll(() => storedNumbers(first)).toEqual(numbers(8));
  });

  test(`replica in ${kind}: an incomplete or damaged snapshot loses nothing`, async () => {
    const log = new SharedLog();
    const notices: string[] = [];
    let taken = 0;
    const faultySnapshots = (inner: Log): Log => ({
      ...inner,
      snapshots: {
        ...inner.snapshots,
        async write(position, data) {
          // The first write fails, the third one is damaged.
          if (++taken === 1) throw new TroupeError('storage', 'The connection broke');
          if (taken < 3) return inner.snapshots.write(position, data);
          await inner.snapshots.write(
            position,
            (async function* () {
              yield new Uint8Array([1, 2, 3]);
            })(),
          );
        },
      },
    });
    const writer = await open(log, await replica(), { through: faultySnapshots, notices });
    await writer.claim('r', 'me', { now: commitTime, ttl: 60_000 });
    await commitNumbers(writer, 1, 3 * every + 5);
    await expect.poll(() => taken).toBe(3);
    expect(notices).toEqual([expect.stringContaining('No snapshot') as string]);
    const late = await open(log, await replica());
    expect(await storedNumbers(late)).toEqual(numbers(3 * every + 5));
  });

  test(`replica in ${kind}: what "prune" removes is in no entry and no snapshot any more`, async () => {
    const log = new SharedLog();
    const journal = await open(log, await replica());
    await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
    await journal.commit(commitFor({ seq: 1, status: 'done', appends: [{ list: 'said', entry: 'a-secret' }] }));
    expect(await journal.prune(commitTime + 1e9)).toBe(1);
    await expect.poll(() => log.entries.length).toBe(1);
    const kept = log.entries.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
    expect(kept.join(' ')).not.toContain('a-secret');
    expect(await (await open(log, await replica())).find({ run: 'r' })).toEqual([]);
    expect(await log.open().snapshots.list()).toHaveLength(1);
  });

  test(`replica in ${kind}: many processes, with snapshots and restarts at any time, have the same journal`, async () => {
    for (let seed = 1; seed <= (kind === 'memory' ? 30 : 3); seed++) {
      const random = seededRandom(seed);
      const log = new SharedLog();
      const faulty = (inner: Log): Log => ({
        ...inner,
        async append(id, bytes) {
          await inner.append(id, bytes);
          if (random.chance(0.2)) log.append(id, bytes);
          if (random.chance(0.2)) throw new TroupeError('storage', 'The answer was lost.');
        },
      });
      const journals = await Promise.all([1, 2, 3].map(async () => open(log, await replica(), { through: faulty })));
      let epoch = 0;
      for (let step = 0; step < 120; step++) {
        const index = random.between(0, 2);
        if (random.chance(0.05)) journals[index] = await open(log, await replica(), { through: faulty });
        const journal = journals[index]!;
        if (step === 0 || random.chance(0.1))
          epoch = await journal.claim('r', `p${index}`, { now: commitTime + step * 1_000, ttl: 1 });
        const seq = ((await journal.load('agent/a'))?.seq ?? 0) + 1;
        const claim = journal.commit(commitFor({ seq, epoch, appends: [{ list: 'said', entry: `${index} ${step}` }] }));
        await claim.catch(() => {});
      }
      for (const journal of journals) await journal.release('unknown', 0).catch(() => {});
      journals.push(await open(log, await replica()));
      const all = await Promise.all(
        journals.map(async (journal) => [await storedNumbers(journal), await journal.history({ run: 'r' })]),
      );
      for (const one of all) expect(one, `seed ${seed}`).toEqual(all[0]);
      expect((all[0]![0] as unknown[]).length, `seed ${seed}`).toBeGreaterThan(30);
      for (const journal of opened.splice(0)) await journal[Symbol.asyncDispose]();
    }
  });
}

test.each(Object.entries(replicas))(
  'replica in %s: invalid writes are refused with the same error, and stop no process',
  async (_, replica) => {
    const log = new SharedLog();
    const notices: string[] = [];
    const journal = await open(log, await replica(), { notices });
    await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
    const invalidWrites = [
      ['commit', [null]],
      ['commit', [{ run: 'r', epoch: 1, seq: 1, event: {}, opens: [], closes: [], results: [], appends: [] }]],
      ['claim', ['q', null, { now: 'x' }, null]],
      ['claim', []],
      ['post', [null]],
      ['post', [{ run: { a: 1 }, id: [] }]],
      ['record', ['r', 1, 'agent/a', 'x', null]],
      ['settle', [null]],
      ['renew', [{}, {}, {}]],
      ['dropMail', [[], {}]],
    ];
    for (const [n, write] of invalidWrites.entries()) {
      const { last: after } = log.standing;
      const entry = { by: `x${n}`, from: 0, after, writes: [write] };
      log.append(`${after}-x${n}`, new TextEncoder().encode(JSON.stringify(entry)));
      expect(await journal.renew('r', 1, commitTime), JSON.stringify(write)).toBe(true);
    }
    await commitNumbers(journal, 1, 3);
    expect(await storedNumbers(journal)).toEqual(numbers(3));
    expect(notices).toEqual([]);
  },
);

test('a few large entries cause a snapshot as well', async () => {
  const log = new SharedLog();
  const journal = await open(log, memoryReplica(), { snapshotBytes: 5_000 });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  const entry = 'x'.repeat(3_000);
  for (let seq = 1; seq <= 4; seq++) await journal.commit(commitFor({ seq, appends: [{ list: 'said', entry }] }));
  await expect.poll(() => log.open().snapshots.list()).not.toEqual([]);
  // The next snapshot is due when the log has grown by the size of the state.
  expect((await log.open().snapshots.list()).length).toBe(1);
});

test('an entry that arrives too late is applied by no process, and its writer gets an error', async () => {
  const log = new SharedLog();
  const writer = await open(log, memoryReplica());
  let late: [string, Uint8Array] | undefined;
  const slow = (inner: Log): Log => ({
    ...inner,
    async append(id, bytes) {
      if (late) return inner.append(id, bytes);
      late = [id, bytes]; // The entry is delayed for long.
    },
  });
  const delayed = await open(log, memoryReplica(), { through: slow });
  const claim = delayed.claim('q', 'me', { now: commitTime, ttl: 60_000 });
  await writer.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await commitNumbers(writer, 1, 30);
  log.append(...late!);
  await expect(claim).rejects.toMatchObject({
    kind: 'storage',
    message: expect.stringContaining('too late') as string,
  });
  expect(await delayed.claim('q', 'me', { now: commitTime, ttl: 60_000 })).toBe(1);
});

test('a process that restarts with its file applies only new entries, and one without a file starts from a snapshot', async () => {
  const log = new SharedLog();
  const writer = await open(log, memoryReplica());
  await writer.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  const path = file();
  const before = await open(log, await sqliteReplica(path));
  await commitNumbers(writer, 1, 5);
  await expect.poll(() => storedNumbers(before)).toEqual(numbers(5));
  await before[Symbol.asyncDispose]();
  await commitNumbers(writer, 6, 8);
  const played: number[] = [];
  const seen = (inner: Log): Log => ({
    ...inner,
    async *entries(from, signal) {
      for await (const entry of inner.entries(from, signal)) {
        played.push(entry.position);
        yield entry;
      }
    },
  });
  const again = await open(log, await sqliteReplica(path), { through: seen });
  expect(await storedNumbers(again)).toEqual(numbers(8));
  expect(played).toEqual([7, 8, 9]);
});

test('a replica file is refused with another log than the one it has applied, and keeps its data', async () => {
  const path = file();
  const log = new SharedLog({ name: 'monday' });
  const writer = await open(log, await sqliteReplica(path));
  await writer.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await commitNumbers(writer, 1, 3);
  await writer[Symbol.asyncDispose]();
  await expect(open(new SharedLog({ name: 'tuesday' }), await sqliteReplica(path))).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringContaining('another one than this process has applied') as string,
  });
  expect(await storedNumbers(await open(log, await sqliteReplica(path)))).toEqual(numbers(3));
});

test('a log in an older state is refused, whether it continued or not; where that state is accepted, the file is rebuilt with a notice', async () => {
  for (const longer of [0, 10]) {
    const path = file();
    const whole = new SharedLog({ name: 'same' });
    const writer = await open(whole, await sqliteReplica(path));
    await writer.claim('r', 'me', { now: commitTime, ttl: 60_000 });
    await commitNumbers(writer, 1, 5);
    await writer[Symbol.asyncDispose]();
    const short = new SharedLog({ name: 'same' });
    for (const { id, bytes } of whole.entries.slice(0, 3)) short.append(id, bytes);
    const elsewhere = await open(short, memoryReplica());
    await commitNumbers(elsewhere, 3, 2 + longer);
    const notices: string[] = [];
    await expect(open(short, await sqliteReplica(path), { notices })).rejects.toMatchObject({
      kind: 'environment',
      retryable: false,
      message: expect.stringMatching(/older state.*--nats-accept-restored/) as string,
    });
    expect(notices).toEqual([]);
    const again = await open(short, await sqliteReplica(path), { notices, acceptRestored: true });
    expect(await storedNumbers(again)).toEqual(numbers(2 + longer));
    expect(notices).toEqual([expect.stringContaining('has lost entries') as string]);
    await again[Symbol.asyncDispose]();
  }
});

test('two processes cannot open the same replica file', async () => {
  const path = file();
  await using replica = await sqliteReplica(path);
  await expect(sqliteReplica(path)).rejects.toMatchObject({ kind: 'storage', retryable: true });
  expect(replica.mark.position).toBe(0);
});

test('malformed log entries are skipped; an operation of a newer version stops the process', async () => {
  const log = new SharedLog();
  const notices: string[] = [];
  const journal = await open(log, memoryReplica(), { notices });
  for (const nonsense of ['', '{', 'null', '[]', '{"by":1}', '{"by":"x","from":0,"after":0,"writes":{}}'])
    log.append('x', new TextEncoder().encode(nonsense));
  expect(await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 })).toBe(1);
  log.append('0-x-0', new TextEncoder().encode('{"by":"x","from":0,"after":0,"writes":[["teleport",[]]]}'));
  await expect(journal.claim('q', 'me', { now: commitTime, ttl: 60_000 })).rejects.toMatchObject({
    kind: 'incompatible',
  });
  expect(notices).toEqual([expect.stringContaining('"teleport"') as string]);
});

test('what a replica in memory restored from a dump is found by its run', async () => {
  await using before = memoryReplica();
  const epoch = await before.journal.claim('r1', 'one', { now: commitTime, ttl: 1_000 });
  await before.journal.commit(commitFor({ run: 'r1', epoch }));
  await using after = memoryReplica();
  await after.restore(before.dump());
  expect(await after.journal.find({ run: 'r1' })).toEqual(await before.journal.find({ run: 'r1' }));
  expect(await after.journal.history({ run: 'r1' })).toHaveLength(1);
  await after.journal.commit(commitFor({ run: 'r1', epoch, actor: 'agent/second' }));
  expect(await after.journal.find({ run: 'r1' })).toHaveLength(2);
});
