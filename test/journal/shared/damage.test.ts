/** Damage in a shared journal: it concerns the runs in it, and the others go on. */
import { expect, test } from 'vitest';
import { emptyStore, memoryStore, type MemoryStore } from '../../../src/journal/shared/memoryStore.ts';
import type { LogContents } from '../../../src/journal/shared/memoryLogs.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { FencedLogs, Presence } from '../../../src/journal/shared/store.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import type { Json } from '../../../src/values/json.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';

const claim = { now: 0, ttl: 10_000 };
const commitOf = (run: string, seq: number, epoch: number) =>
  commitFor({ run, actor: `agent/${run}`, seq, epoch, event: { id: `${run} ${seq}`, type: 'go', body: {} } });

/** Lets time pass until a promise is settled. */
async function within<T>(clock: ReturnType<typeof virtualClock>, result: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const end = () => settled.abort();
  void result.then(end, end);
  for (let n = 0; n < 400 && !settled.signal.aborted; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (n % 10 === 9) clock.advance(500);
  }
  return result;
}

/** Changes a stored message, as a disk that has gone bad does. */
function damage({ logs }: LogContents, name: string, at: number): void {
  const messages = [...logs].find(([each]) => each.startsWith(name))?.[1] ?? [];
  const message = messages.at(at);
  if (!message) throw new Error(`${name} has no message ${at}.`);
  messages.splice(at < 0 ? messages.length + at : at, 1, { ...message, body: message.body.map((byte) => byte ^ 1) });
}

/** A process that can be killed: it writes nothing any more, and answers nothing. */
function mortal(store: MemoryStore, clock: ReturnType<typeof virtualClock>) {
  const own = store.open();
  let isDead = false;
  const unlessDead = async <T>(work: () => Promise<T>): Promise<T> => (isDead ? new Promise<T>(() => {}) : work());
  const presence: Presence = {
    ...own.presence,
    announce: (process) => unlessDead(() => own.presence.announce(process)),
  };
  const writing = (logs: FencedLogs): FencedLogs => ({
    ...logs,
    append: (...args) => unlessDead(() => logs.append(...args)),
  });
  const journal = shared({ store: { ...own, presence, logs: writing(own.logs), runs: writing(own.runs) }, clock });
  return {
    journal,
    async kill() {
      isDead = true;
      await own[Symbol.asyncDispose]();
    },
  };
}

const idsOf = (found: readonly { readonly run: string }[]) => found.map(({ run }) => run).sort();

test('a damaged run is named, and the others are listed and taken over', async () => {
  const clock = virtualClock();
  const contents = emptyStore();
  const store = memoryStore({ clock, contents });
  const dead = shared({ store, clock });
  for (const run of ['good', 'poisoned']) {
    const epoch = await within(clock, dead.claim(run, 'dead', claim));
    await dead.commit(commitOf(run, 1, epoch));
    await within(clock, dead.release(run, epoch));
  }
  damage(contents.runs, 'poisoned', -1);
  const notices: string[] = [];
  const heir = shared({ store: store.open(), clock, onNotice: (says) => notices.push(says) });
  expect(idsOf(await within(clock, heir.claims({ expiredAt: clock.now() })))).toEqual(['good', 'poisoned']);
  for (let time = 0; time < 2; time++) {
    expect(idsOf(await within(clock, heir.find({})))).toEqual(['good']);
    expect((await within(clock, heir.history({}))).map(({ actor }) => actor)).toEqual(['agent/good']);
  }
  expect(notices).toEqual([
    expect.stringMatching(/^The run poisoned is left out of lists, .*segment \d+ of the run poisoned/),
  ]);
  expect(await within(clock, heir.claim('good', 'heir', claim))).toBe(2);
  await expect(within(clock, heir.claim('poisoned', 'heir', claim))).rejects.toMatchObject({ kind: 'corrupt' });
  expect((await heir.verify()).damage).toMatchObject([{ actor: 'agent/poisoned' }]);
});

/** A process that has died: its runs `one` and `two` are in its log only. `damaged`: which of its entries is damaged. The run `other` was given back by another process. */
async function deadWithDamage(damaged: number) {
  const clock = virtualClock();
  const contents = emptyStore();
  const store = memoryStore({ clock, contents });
  const dead = mortal(store, clock);
  for (const run of ['one', 'two']) {
    const epoch = await within(clock, dead.journal.claim(run, 'dead', claim));
    await dead.journal.commit(commitOf(run, 1, epoch));
  }
  const leaving = shared({ store: store.open(), clock });
  const epoch = await within(clock, leaving.claim('other', 'leaving', claim));
  await leaving.commit(commitOf('other', 1, epoch));
  await within(clock, leaving.release('other', epoch));
  damage(contents.logs, 'dead', damaged);
  await dead.kill();
  const heir = shared({ store: store.open(), clock });
  for (let n = 0; n < 100; n++) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { clock, heir };
}

test('a damaged entry in the log of a dead process keeps only its own runs from being taken over', async () => {
  const { clock, heir } = await deadWithDamage(-1);
  const free = () => within(clock, heir.claims({ expiredAt: clock.now() }));
  expect(idsOf(await free())).toEqual(['one', 'other', 'two']);
  expect(await within(clock, heir.claim('other', 'heir', claim))).toBe(2);
  for (const run of ['one', 'two'])
    await expect(within(clock, heir.claim(run, 'heir', claim))).rejects.toMatchObject({
      kind: 'corrupt',
      message: expect.stringMatching(/entry \d+ in the log of dead/),
    });
  expect(idsOf(await free())).toEqual(['one', 'two']);
  expect(await within(clock, heir.prune(Infinity))).toBe(0);
  expect((await heir.verify()).damage.map(({ actor }) => actor)).toEqual([
    expect.stringMatching(/^dead/),
    'one',
    'two',
  ]);
});

test('the runs that damage in the log of a dead process concerns are set aside: what is stored of them is given out, and their keys are free', async () => {
  const { clock, heir } = await deadWithDamage(-1);
  const { damage: found } = await within(clock, heir.verify());
  const runs = found.flatMap(({ run }) => run ?? []);
  expect(runs.sort()).toEqual(['one', 'two']);
  for (const run of runs) {
    const kept: Json[] = [];
    await within(clock, heir.setAside(run, { now: clock.now(), keep: (copy) => kept.push(...copy) }));
    // Its birth, and the entry that is damaged, which may have said something of it.
    expect(kept).toContainEqual(expect.objectContaining({ collection: 'runs', name: run }));
    expect(kept.at(-1)).toMatchObject({ collection: 'log', name: expect.stringMatching(/^dead/) });
  }
  expect((await within(clock, heir.verify())).damage.map(({ run }) => run)).toEqual([undefined]);
  expect(idsOf(await within(clock, heir.claims({ expiredAt: clock.now() })))).toEqual(['other']);
  for (const run of runs) {
    expect(await within(clock, heir.claim(run, 'heir', claim))).toBe(1);
    await heir.commit(commitOf(run, 1, 1));
    expect((await heir.load(`agent/${run}`))?.seq).toBe(1);
  }
});

test('a run whose process lives is not set aside, and one whose copy cannot be kept is not deleted', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const [owner, other] = [shared({ store, clock }), shared({ store: store.open(), clock })];
  const epoch = await within(clock, owner.claim('r', 'owner', claim));
  await owner.commit(commitOf('r', 1, epoch));
  const aside = (keep: () => void) => within(clock, other.setAside('r', { now: clock.now(), keep }));
  await expect(aside(() => {})).rejects.toMatchObject({ kind: 'owned_elsewhere' });
  await within(clock, owner.release('r', epoch));
  const full = new Error('The disk is full.');
  await expect(
    aside(() => {
      throw full;
    }),
  ).rejects.toBe(full);
  expect((await other.load('agent/r'))?.seq).toBe(1);
});

test('a run that is named only in a damaged entry is found all the same', async () => {
  const { clock, heir } = await deadWithDamage(0);
  expect(idsOf(await within(clock, heir.claims({ expiredAt: clock.now() })))).toEqual(['one', 'other', 'two']);
});
