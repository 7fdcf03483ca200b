/** What users of a shared journal may rely on when its server is full, a message is damaged or foreign, a newer version writes to it, or a process stood still. */
import { expect, test } from 'vitest';
import { incarnationName } from '../../../src/journal/shared/incarnationName.ts';
import { presenceInterval, presenceTtl } from '../../../src/journal/shared/store.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { sleep } from '../../../src/values/clock.ts';
import { claimOptions, cutOff, damage, sharedWorld } from './faults.ts';

/** The commit of a run that has one actor. */
const commitOf = (run: string, seq: number, epoch = 1) =>
  commitFor({ run, actor: `agent/${run}`, seq, epoch, appends: [{ list: 'said', entry: seq }] });
const foreign = (text: string) => ({ headers: { 'Content-Type': 'text/plain' }, body: new TextEncoder().encode(text) });
test('a server that has no room says so, and when it has some each commit is stored once, in order', async () => {
  await using at = sharedWorld();
  await at.mine.claim('r', 'me', claimOptions);
  await at.mine.commit(commitOf('r', 1));
  await at.unsure('full', () => at.mine.commit(commitOf('r', 2)));
  expect(at.mine.trouble?.()).toContain('No room');
  await expect(at.other.claim('s', 'other', claimOptions)).resolves.toBe(1);
  await at.back();
  await at.mine.commit(commitOf('r', 2));
  await at.mine.commit(commitOf('r', 3));
  expect(at.mine.trouble?.()).toBeUndefined();
  expect(await at.other.list('agent/r', 'said')).toEqual([1, 2, 3]);
});

test('commits of one turn are one message, whatever their number and their runs', async () => {
  await using at = sharedWorld();
  const runs = Array.from({ length: 20 }, (_, n) => `r${n}`);
  for (const run of runs) await at.mine.claim(run, 'me', claimOptions);
  const before = await at.truth.logs.lastSequence();
  await Promise.all(runs.map((run) => at.mine.commit(commitOf(run, 1))));
  expect((await at.truth.logs.lastSequence()) - before).toBe(1);
  for (const run of runs) expect(await at.other.list(`agent/${run}`, 'said')).toEqual([1]);
});

test('a run that waits costs no message: a thousand of them are renewed by their process alone', async () => {
  await using at = sharedWorld();
  const runs = Array.from({ length: 1_000 }, (_, n) => `r${n}`);
  await Promise.all(runs.map((run) => at.mine.claim(run, 'me', claimOptions)));
  await Promise.all(runs.map((run) => at.mine.commit(commitOf(run, 1))));
  await at.advance(10_000);
  const before = at.server.appends;
  await at.advance(60_000);
  expect(await at.mine.renewAll?.('me', at.clock.now() + 60_000)).toBe(1_000);
  expect(at.server.appends - before).toBe(0);
  await expect(at.other.claim('r7', 'other', claimOptions)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
});

test('messages of another program in a log and among segments are skipped and counted, and every process has the same', async () => {
  await using at = sharedWorld();
  await at.mine.claim('r', 'me', claimOptions);
  await at.mine.commit(commitOf('r', 1));
  const { logs, runs } = at.truth;
  const [process = ''] = await logs.names();
  await logs.append(process, (await logs.last(process))?.sequence ?? 0, foreign('hello from a dashboard'));
  await runs.append('r', (await runs.last('r'))?.sequence ?? 0, foreign('{"event":"deploy"}'));
  await runs.append('nobody', 0, foreign(''));
  await at.mine.commit(commitOf('r', 2));
  await at.mine.release('r', 1);
  const epoch = await at.other.claim('r', 'other', claimOptions);
  await at.other.commit(commitOf('r', 3, epoch));
  for (const journal of [at.mine, at.other, at.open()]) {
    expect(await journal.list('agent/r', 'said')).toEqual([1, 2, 3]);
    expect((await journal.find({})).map(({ run }) => run)).toEqual(['r']);
    expect((await journal.verify()).damage).toEqual([]);
  }
  expect(at.mine.skipped?.()).toMatchObject({ count: 1 });
  expect(at.mine.trouble?.()).toBeUndefined();
});

test('a damaged segment is named, its run is refused, and all other runs go on', async () => {
  await using at = sharedWorld();
  for (const run of ['r', 's']) {
    await at.mine.claim(run, 'me', claimOptions);
    await at.mine.commit(commitOf(run, 1));
    await at.mine.release(run, 1);
  }
  damage(at.contents, 'runs', 'r', 1);
  const fresh = at.open();
  const { damage: found } = await fresh.verify();
  expect(found.map(({ actor, what }) => [actor, /segment \d+ of the run r\b/.test(what)])).toEqual([['agent/r', true]]);
  await expect(fresh.load('agent/r')).rejects.toMatchObject({ kind: 'corrupt' });
  await expect(fresh.claim('r', 'other', claimOptions)).rejects.toMatchObject({ kind: 'corrupt' });
  const epoch = await fresh.claim('s', 'other', claimOptions);
  await fresh.commit(commitOf('s', 2, epoch));
  expect(await fresh.list('agent/s', 'said')).toEqual([1, 2]);
});

test('a damaged entry is named by its process; runs of other processes, and those whose writes are in segments, are read', async () => {
  await using at = sharedWorld();
  await at.mine.claim('r', 'me', claimOptions);
  await at.mine.commit(commitOf('r', 1));
  await at.other.claim('s', 'other', claimOptions);
  await at.other.commit(commitOf('s', 1));
  await at.mine.claim('t', 'me', claimOptions);
  await at.mine.commit(commitOf('t', 1));
  await at.mine.release('t', 1);
  const process = (await at.truth.logs.names()).find((name) => name.startsWith('me~')) ?? '';
  // Its first entry is older than all of its runs.
  damage(at.contents, 'logs', process, 0);
  expect((await at.open().verify()).damage.map(({ actor }) => actor)).toEqual([process]);
  expect(await at.open().list('agent/r', 'said')).toEqual([1]);
  damage(at.contents, 'logs', process, 1);
  const fresh = at.open();
  expect((await fresh.verify()).damage.map(({ actor }) => actor)).toEqual([process, process, 'r']);
  await expect(fresh.load('agent/r')).rejects.toMatchObject({ kind: 'corrupt' });
  for (const run of ['s', 't']) expect(await fresh.list(`agent/${run}`, 'said')).toEqual([1]);
});

test('a write that only a newer version knows refuses the run that it concerns, and no other run of the same process', async () => {
  await using at = sharedWorld();
  const { logs } = at.truth;
  for (const run of ['r', 's']) {
    await at.mine.claim(run, 'me', claimOptions);
    await at.mine.commit(commitOf(run, 1));
  }
  const [process = ''] = await logs.names();
  const last = await logs.last(process);
  const headers = { 'Troupe-Entry': String(Number(last?.headers['Troupe-Entry']) + 1) };
  const body = new TextEncoder().encode(JSON.stringify({ parts: [['r', [['teleport', [1]]]]] }));
  await logs.append(process, last?.sequence ?? 0, { headers, body });
  const refused = { kind: 'incompatible', message: expect.stringContaining('"teleport"') as string };
  await expect(at.other.load('agent/r')).rejects.toMatchObject(refused);
  expect(await at.other.list('agent/s', 'said')).toEqual([1]);
  expect((await at.other.verify()).damage).toHaveLength(1);
  const dead = { ...claimOptions, alive: () => false };
  expect(await at.other.claim('s', 'other', dead)).toBe(2);
  await expect(at.other.claim('r', 'other', dead)).rejects.toMatchObject(refused);
});

test('a process that stood still is fenced: none of its commits is applied, and it claims again under a new name', async () => {
  await using at = sharedWorld();
  let isCut = false;
  const truth = at.truth.open();
  const slow = at.open({
    presence: {
      ...truth.presence,
      announce: (process) => (isCut ? cutOff(truth.presence) : truth.presence).announce(process),
      ping: truth.presence.ping,
    },
  });
  await slow.claim('r', 'me', claimOptions);
  await slow.commit(commitOf('r', 1));
  isCut = true;
  const [before = ''] = await at.truth.logs.names();
  at.truth.frozen.add(before);
  await at.advance(presenceTtl);
  const taken = at.other.claim('r', 'other', claimOptions);
  await at.advance(2_000);
  expect(await taken).toBe(2);
  await at.other.commit(commitOf('r', 2, 2));
  isCut = false;
  await expect(slow.commit(commitFor({ ...commitOf('r', 2), snapshot: 'late' }))).rejects.toMatchObject({
    kind: 'fenced',
  });
  expect(await slow.renew('r', 1, at.clock.now() + 1_000)).toBe(false);
  expect(await slow.history({ run: 'r' })).toEqual(await at.other.history({ run: 'r' }));
  await at.other.release('r', 2);
  expect(await slow.claim('r', 'me', claimOptions)).toBe(3);
  await slow.commit(commitOf('r', 3, 3));
  const own = (await at.truth.logs.names()).filter((name) => name.startsWith(incarnationName('me', '')));
  expect(own.length).toBe(2);
  expect(await at.other.list('agent/r', 'said')).toEqual([1, 2, 3]);
});

test('a process that is told late that it has its run asks again, because another one may have it by then', async () => {
  await using at = sharedWorld({ quietTime: 60_000 });
  const truth = at.truth.open();
  let isCut = false;
  let answered: Promise<unknown> = Promise.resolve();
  const slow = at.open({
    presence: {
      ...truth.presence,
      announce: (process) => (isCut ? cutOff(truth.presence) : truth.presence).announce(process),
    },
    logs: {
      ...truth.logs,
      async append(...given) {
        const sequence = await truth.logs.append(...given);
        await answered;
        return sequence;
      },
    },
  });
  await slow.claim('r', 'me', claimOptions);
  await slow.commit(commitOf('r', 1));
  isCut = true;
  await at.advance(presenceTtl);
  isCut = false;
  let answer = () => {};
  answered = new Promise<void>((resolve) => (answer = resolve));
  const renewed = slow.renew('r', 1, at.clock.now() + 60_000);
  await at.advance(100);
  isCut = true;
  const [process = ''] = await at.truth.logs.names();
  at.truth.frozen.add(process);
  await at.advance(presenceTtl);
  const taken = at.other.claim('r', 'other', claimOptions);
  await at.advance(2_000);
  expect(await taken).toBe(2);
  isCut = false;
  answer();
  expect(await renewed).toBe(false);
});

test('a process whose announcement arrived when it was taken for dead does not believe that it has its runs', async () => {
  await using at = sharedWorld();
  const truth = at.truth.open();
  let delay = 0;
  const slow = at.open({
    presence: {
      ...cutOff(truth.presence),
      async announce(process) {
        if (delay > 0) await sleep(at.clock, delay);
        await truth.presence.announce(process);
      },
    },
  });
  await slow.claim('r', 'me', claimOptions);
  await slow.commit(commitOf('r', 1));
  await at.advance(presenceInterval);
  expect(slow.isCurrent?.('r')).toBe(true);
  // Those on the way take so long that the earlier ones have ended when they arrive.
  delay = presenceTtl - 100;
  await at.advance(presenceTtl);
  expect(await at.other.claim('r', 'other', claimOptions)).toBe(2);
  for (let passed = 0; passed < presenceTtl; passed += 100) {
    expect(slow.isCurrent?.('r'), `${passed} ms later`).toBe(false);
    await at.advance(100);
  }
});

test.each([-3_600_000, 3_600_000])(
  'clocks are not compared: a process whose clock is %i ms off takes no run from one that lives, and gets those of a dead one',
  async (off) => {
    await using at = sharedWorld();
    await at.mine.claim('r', 'me', claimOptions);
    await at.mine.commit(commitOf('r', 1));
    const skewed = { ...claimOptions, now: claimOptions.now + off };
    await at.advance(3_000);
    await expect(at.other.claim('r', 'other', skewed)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
    await at.mine[Symbol.asyncDispose]();
    const taken = at.other.claim('r', 'other', skewed);
    await at.advance(2_000);
    expect(await taken).toBe(2);
    expect(await at.other.list('agent/r', 'said')).toEqual([1]);
  },
);

test('an actor is found in its run, also where the id of that run begins with the id of another one', async () => {
  await using at = sharedWorld();
  await at.other.claim('a.b', 'other', claimOptions);
  await at.other.commit(commitOf('a.b', 1));
  await at.mine.claim('a', 'me', claimOptions);
  await at.mine.commit(commitOf('a', 1));
  expect(await at.mine.load('agent/a.b')).toMatchObject({ run: 'a.b' });
  expect(await at.other.load('agent/a')).toMatchObject({ run: 'a' });
  expect(await at.mine.load('agent/a.c')).toBeUndefined();
});
