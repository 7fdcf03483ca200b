/** Runs that wait at a process that died: another one takes them over without loading them, and loads one when something comes for it. */
import { assign, setup } from 'xstate';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TroupeError } from 'troupe';
import { virtualClock } from 'troupe/testing';
import type { ActorType } from '../../src/core/actorType.ts';
import { effect } from '../../actors/effect.ts';
import { Host } from '../../src/engine/host.ts';
import { memoryStore } from '../../src/journal/shared/memoryStore.ts';
import { shared } from '../../src/journal/shared/shared.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { settle, type } from './testProcess.ts';

/** Waits for a minute or a message, and its child for two. */
const waiter = type(
  setup({
    types: {} as { context: { told: number }; events: { type: 'tell' } | { type: 'end' } },
    actors: {
      child: setup({ delays: { long: 120_000 } }).createMachine({
        id: 'child',
        initial: 'waiting',
        states: { waiting: { after: { long: 'done' } }, done: { type: 'final' } },
      }),
    },
    actions: { note: assign({ told: ({ context }) => context.told + 1 }) },
    delays: { minute: 60_000 },
  }).createMachine({
    id: 'waiter',
    context: { told: 0 },
    initial: 'waiting',
    invoke: { src: 'child' },
    on: { tell: { actions: 'note' }, end: '.ended' },
    states: { waiting: { after: { minute: 'late' } }, late: {}, ended: { type: 'final' } },
  }),
  { signals: z.object({ type: z.enum(['tell', 'end']) }) },
);
/** Is at work until it is stopped. */
const worker = type(
  setup({
    actors: { work: effect<null, null>(() => new Promise(() => {}), { idempotent: true }) },
  }).createMachine({ id: 'worker', initial: 'busy', states: { busy: { invoke: { src: 'work', input: null } } } }),
);

/** A server, and processes on it that can be killed. */
function world() {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await settle();
    }
  };
  const open = (owner: string) => {
    const own = store.open();
    let isDead = false;
    const announce = async (process: string) => void (isDead || (await own.presence.announce(process)));
    const journal = shared({ store: { ...own, presence: { ...own.presence, announce } }, clock });
    const host = new Host({ journal, clock, transport: inProcess(), lease: { owner } });
    const lost: string[] = [];
    return {
      host,
      journal,
      lost,
      kill: async () => {
        isDead = true;
        host.abandon();
        await own[Symbol.asyncDispose]();
      },
      free: async (run: string) => {
        const leases = await journal.claims({ expiredAt: clock.now() });
        return leases.find((lease) => lease.run === run);
      },
      /** Takes a run over as it is listed. */
      async rest(run: string, load: ActorType | Error) {
        const listed = await this.free(run);
        if (!listed?.rest) throw new Error(`${run} is not listed as one that waits.`);
        const wake = () => (load instanceof Error ? Promise.reject(load) : host.resume(run, load));
        await host.rest(run, { epoch: listed.epoch, ...listed.rest }, { wake, lost: (each) => lost.push(each) });
      },
    };
  };
  const tell = (process: { host: Host }, run: string, event: string, id = clock.id()) =>
    process.host.post({ id, type: event, body: {}, from: 'person/ann', to: `waiter/${run}`, run, kind: 'signal' });
  /** A run that waits, and whose process is dead. */
  const waiting = async (run = 'r', of: ActorType = waiter) => {
    const dead = open('dead');
    const started = dead.host.start(of, { run, input: null, about: { name: 'x' } });
    await advance(8_000);
    await started;
    await dead.kill();
    await advance(8_000);
  };
  return { clock, advance, open, tell, waiting };
}

const stateOf = async ({ journal }: { journal: Host['journal'] }, run = 'r') => {
  const [root] = await journal.find({ run, parent: null });
  if (!root) throw new Error(`There is no run ${run}.`);
  // The snapshot of the machine above.
  const { context } = (root.snapshot as { state: { context: { told: number } } }).state;
  return { state: root.state, told: context.told };
};

test('a run that waits is here without its actors, until its time has come', async () => {
  const { advance, open, waiting } = world();
  const heir = open('heir');
  await waiting();
  expect(await heir.free('r')).toMatchObject({ rest: { root: 'waiter/r', about: { name: 'x' } } });
  await heir.rest('r', waiter);
  expect(heir.host.owns('r')).toBe(true);
  expect(heir.host.isIdle('r')).toBe(true);
  await advance(40_000);
  expect(heir.host.actorCount).toBe(0);
  await advance(10_000); // A minute after it began.
  expect(heir.host.actorCount).toBe(2);
  expect(await stateOf(heir)).toMatchObject({ state: 'late' });
  await advance(80_000); // The timer of its child came with it.
  expect(heir.host.actorCount).toBe(1);
});

test('a message that was left while nobody had the run, and one that comes later, each once', async () => {
  const { advance, open, tell, waiting } = world();
  const [heir, other] = [open('heir'), open('other')];
  await waiting();
  await tell(other, 'r', 'tell', 'm1');
  await heir.rest('r', waiter);
  await advance(1_000);
  expect(await stateOf(heir)).toMatchObject({ told: 1 });
  await tell(other, 'r', 'tell', 'm1').catch(() => {});
  await tell(other, 'r', 'tell', 'm2');
  await advance(1_000);
  expect(await stateOf(heir)).toEqual({ state: 'waiting', told: 2 });
});

test('what comes for a run at the process that has it loads it', async () => {
  const { advance, open, tell, waiting } = world();
  const heir = open('heir');
  await waiting();
  await heir.rest('r', waiter);
  await advance(6_000);
  expect(heir.host.actorCount).toBe(0);
  await tell(heir, 'r', 'end');
  await advance(1_000);
  expect(await stateOf(heir)).toMatchObject({ state: 'ended' });
});

test('of two processes that take it over at once, one gets it', async () => {
  const { advance, open, tell, waiting } = world();
  const [one, two] = [open('one'), open('two')];
  await waiting();
  await Promise.all([one.free('r'), two.free('r')]);
  const taken = await Promise.allSettled([one.rest('r', waiter), two.rest('r', waiter)]);
  expect(taken.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(taken.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { kind: 'conflict' } });
  await tell(one, 'r', 'tell');
  await advance(1_000);
  const owner = one.host.owns('r') ? one : two;
  expect(await stateOf(owner)).toMatchObject({ told: 1 });
  expect(two.host.owns('r')).toBe(owner === two);
});

test('a run that went on since it was listed is not taken over as it was', async () => {
  const { advance, clock, open, waiting } = world();
  const [heir, other] = [open('heir'), open('other')];
  await waiting();
  const listed = await heir.free('r');
  await other.host.resume('r', waiter);
  await advance(60_000); // Its timer fired there.
  await other.kill();
  await advance(8_000);
  const again = await heir.free('r');
  expect(again?.epoch).toBe(2);
  const keeper = { wake: async () => {}, lost() {} };
  const old = heir.host.rest('r', { epoch: listed!.epoch, ...listed!.rest! }, keeper);
  await expect(old).rejects.toMatchObject({ kind: 'conflict' });
  expect(heir.host.owns('r')).toBe(false);
  expect(again?.rest?.due).toBeGreaterThan(clock.now());
});

test('a run that cannot be loaded is given back, and whoever is next reads it first', async () => {
  const { advance, open, tell, waiting } = world();
  const [heir, other] = [open('heir'), open('other')];
  await waiting();
  await heir.rest('r', new Error('no such version'));
  await tell(other, 'r', 'tell');
  await advance(6_000);
  expect(heir.host.owns('r')).toBe(false);
  expect(heir.lost).toEqual([]);
  const free = await other.free('r');
  expect(free?.until).toBe(0);
  expect(free?.rest).toBeUndefined();
  await other.host.resume('r', waiter);
  await advance(1_000);
  expect(await stateOf(other)).toMatchObject({ told: 1 });
});

test('a process that gives it back leaves it to the next one as it was', async () => {
  const { advance, open, waiting } = world();
  const [heir, next] = [open('heir'), open('next')];
  await waiting();
  await heir.rest('r', waiter);
  await heir.host.park('r');
  await advance(1_000);
  await next.rest('r', waiter);
  await advance(44_000);
  expect(await stateOf(next)).toMatchObject({ state: 'late' });
});

test('a run that was only looked at is left to the next one as it was', async () => {
  const { advance, open, waiting } = world();
  const [heir, next] = [open('heir'), open('next')];
  await waiting();
  await heir.rest('r', waiter);
  expect(await stateOf(heir)).toMatchObject({ state: 'waiting' });
  await heir.host.park('r');
  await advance(1_000);
  await next.rest('r', waiter);
  // A handover: it is loaded, and does not go on before it moves.
  await next.host.resume('r', waiter);
  await next.host.park('r');
  await advance(1_000);
  await heir.rest('r', waiter);
  expect(heir.host.actorCount).toBe(0);
});

test('a process whose lease was ended, and whose run another one took over, is told that the run is lost', async () => {
  const { advance, open, waiting } = world();
  const [heir, next] = [open('heir'), open('next')];
  await waiting();
  await heir.rest('r', waiter);
  await heir.journal.release('r', 2);
  await advance(1_000);
  await next.rest('r', waiter);
  await advance(8_000);
  expect(heir.lost).toEqual(['r']);
  expect(heir.host.owns('r')).toBe(false);
});

test('a run that is at work is not listed as one that waits', async () => {
  const { open, waiting } = world();
  const heir = open('heir');
  await waiting('r', worker);
  expect(await heir.free('r')).toMatchObject({ run: 'r' });
  expect((await heir.free('r'))?.rest).toBeUndefined();
});

test.each(['corrupt', 'incompatible'] as const)(
  'a run whose messages cannot be read (%s) is woken for them, and given back to be read by whoever is next',
  async (kind) => {
    const { advance, open, tell, waiting } = world();
    const [heir, other] = [open('heir'), open('other')];
    await waiting();
    const failure = new TroupeError(kind, 'segment 1 of the run r cannot be read');
    await heir.rest('r', failure);
    Object.assign(heir.journal, { mail: () => Promise.reject(failure) });
    await tell(other, 'r', 'tell');
    await advance(6_000);
    expect(heir.host.owns('r')).toBe(false);
    expect(await other.free('r')).toMatchObject({ until: 0 });
    expect((await other.free('r'))?.rest).toBeUndefined();
  },
);

test('messages that cannot be read for now leave the run as it is', async () => {
  const { advance, open, tell, waiting } = world();
  const [heir, other] = [open('heir'), open('other')];
  await waiting();
  await heir.rest('r', waiter);
  const { mail } = heir.journal;
  Object.assign(heir.journal, { mail: () => Promise.reject(new TroupeError('storage', 'the server is away')) });
  await tell(other, 'r', 'tell');
  await advance(6_000);
  expect([heir.host.owns('r'), heir.host.actorCount]).toEqual([true, 0]);
  Object.assign(heir.journal, { mail });
  await advance(6_000);
  expect(await stateOf(heir)).toMatchObject({ told: 1 });
});
