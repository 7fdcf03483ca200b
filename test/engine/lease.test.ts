/** E4: one process at a time owns a run; a process whose lease has expired can change nothing when it continues. */
import { expect, test } from 'vitest';
import { assign, sendParent, setup } from 'xstate';
import type { Host } from '../../src/engine/host.ts';
import { Leases } from '../../src/engine/lease.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { effect } from '../../actors/effect.ts';
import { deferred } from '../deferred.ts';
import { worker, type Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const counter = type(
  setup({
    types: {} as { context: { n: number }; events: Signal },
    delays: { soon: 60_000 },
    actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    id: 'counter',
    context: { n: 0 },
    initial: 'on',
    states: { on: { after: { soon: { actions: 'count' } }, on: { count: { actions: 'count' } } } },
  }),
);

/** The process cannot renew its leases, until what is returned is called. */
function withoutRenewals(journal: Journal): () => void {
  const { renew, renewAll } = journal;
  journal.renew = () => new Promise(() => {});
  journal.renewAll = () => new Promise(() => {});
  return () => void Object.assign(journal, { renew, renewAll });
}

test('while one process owns a run, another one that resumes it is refused with the name of the owner', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(counter);
  const other = testProcess.startProcess();
  await expect(other.host.resume('r1', counter)).rejects.toMatchObject({
    kind: 'owned_elsewhere',
    retryable: true,
    data: { owner: 'process-1' },
  });
  expect(other.host.actorsOf('r1')).toEqual([]);
  expect(testProcess.host.owns('r1')).toBe(true);
});

test('a process that lives keeps its runs, because it renews their leases', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(counter);
  for (let i = 0; i < 20; i++) await testProcess.advance(3_000);
  await expect(testProcess.startProcess().host.resume('r1', counter)).rejects.toMatchObject({
    kind: 'owned_elsewhere',
  });
});

test('a lease is certain until the moment at which another process may take it, counted from before it was asked for', async () => {
  const clock = virtualClock();
  const journal = memory();
  const claim = journal.claim.bind(journal);
  // The answer is under way for three seconds, which do not lengthen the lease.
  const slow: Journal = { ...journal, claim: (...args) => (clock.advance(3_000), claim(...args)) };
  const leases = new Leases(slow, clock, { owner: 'me', ttl: 10_000 }, { lost() {}, released() {} });
  await leases.claim('r1');
  clock.advance(6_999);
  expect(leases.isCurrent('r1')).toBe(true);
  clock.advance(1);
  expect(leases.isCurrent('r1')).toBe(false);
});

test('an effect that is stopped while the lease is renewed for it is not begun', async () => {
  let begun = 0;
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(effect(async () => ++begun))));
  const answer = deferred();
  const { journal } = testProcess;
  const renew = journal.renew.bind(journal);
  withoutRenewals(journal);
  journal.renew = async (...args) => (await answer.promise, renew(...args));
  await testProcess.advance(10_000);
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).state).toBe('working');
  await testProcess.signal(address, { type: 'stop' });
  const { state } = await testProcess.row(address);
  answer.resolve();
  await settle();
  expect([state === 'working', begun]).toEqual([false, 0]);
});

test('a parked run can be resumed by another process at once', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(counter);
  await testProcess.host.park('r1');
  const other = testProcess.startProcess();
  await other.host.resume('r1', counter);
  expect(other.host.owns('r1')).toBe(true);
  expect(testProcess.host.owns('r1')).toBe(false);
});

test.each<[string, (host: Host) => Promise<unknown>]>([
  ['is parked', async (host) => (await host.resume('r1', counter), await host.park('r1'))],
  ['cannot be started', (host) => host.start(counter, { run: 'r1', input: { not: 'the same' } })],
])('whoever watches a run that %s is told that it is gone, before the journal has answered', async (_, leave) => {
  const journal = memory();
  const answer = deferred();
  const testProcess = new TestProcess({
    journal: { ...journal, release: async (...lease) => (await answer.promise, await journal.release(...lease)) },
  });
  await testProcess.start(counter);
  testProcess.host.abandon();
  const { host } = testProcess.startProcess({ lease: { owner: 'another', alive: () => false } });
  let told: boolean | undefined;
  host.activity.watch('r1', () => (told = host.owns('r1')));
  const left = leave(host).catch(() => {});
  await settle();
  expect({ told, owns: host.owns('r1') }).toEqual({ told: false, owns: false });
  answer.resolve();
  await left;
});

test('a run parked in the middle of a commit can be resumed by the same process', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counter);
  const sent = testProcess.signal(address, { type: 'count' }).catch(({ kind }: { kind: string }) => kind);
  const parked = testProcess.host.park('r1');
  await parked;
  await testProcess.host.resume('r1', counter);
  await sent;
  await settle();
  expect(testProcess.host.owns('r1')).toBe(true);
  await testProcess.signal(address, { type: 'count' });
  expect((await testProcess.row(address)).status).toBe('active');
});

test('a process that was frozen past its lease commits nothing, and starts no effect', async () => {
  let performed = 0;
  const machine = type(worker(effect(async () => ++performed)));
  const testProcess = new TestProcess();
  const address = await testProcess.start(machine);
  // The process is frozen: its lease is not renewed. Another process takes the run over and continues it.
  const renewAgain = withoutRenewals(testProcess.journal);
  await testProcess.advance(20_000);
  const other = testProcess.startProcess();
  await other.host.resume('r1', machine);
  await other.transport.send(testProcess.envelope(address, { type: 'go' }));
  await settle();
  renewAgain();

  const commits = (await testProcess.journal.history({})).length;
  await expect(testProcess.signal(address, { type: 'stop' })).rejects.toMatchObject({
    kind: expect.stringMatching(/fenced|unknown_message/) as string,
  });
  await expect(testProcess.signal(address, { type: 'go' })).rejects.toMatchObject({ kind: 'fenced' });
  expect(await testProcess.journal.history({})).toHaveLength(commits);
  expect(performed).toBe(1);
  expect(testProcess.host.owns('r1')).toBe(false);
  expect(other.host.owns('r1')).toBe(true);
});

test('a process that was frozen between a commit and its effect renews its lease first, and starts nothing if it lost the run', async () => {
  const performed: string[] = [];
  const machineOf = (owner: string) =>
    type(worker(effect(async () => void performed.push(owner) as never, { kind: 'write', idempotent: true })));
  const testProcess = new TestProcess();
  const address = await testProcess.start(machineOf('frozen'));
  // The process is frozen after its commit is stored and before it gets the acknowledgement.
  const unfrozen = deferred();
  const commit = testProcess.journal.commit.bind(testProcess.journal);
  testProcess.journal.commit = (row) => commit(row).then(() => unfrozen.promise);
  const renewAgain = withoutRenewals(testProcess.journal);
  void testProcess.signal(address, { type: 'go' }).catch(() => {});
  await settle();
  testProcess.journal.commit = commit;
  await testProcess.advance(20_000);
  const other = testProcess.startProcess();
  await other.host.resume('r1', machineOf('owner'));
  await settle();
  renewAgain();
  unfrozen.resolve();
  await settle();
  expect(performed).toEqual(['owner']);
  expect(testProcess.host.owns('r1')).toBe(false);
});

test('a renewal whose answer comes after the renewed lease has expired does not count', async () => {
  const performed: string[] = [];
  const machineOf = (owner: string) =>
    type(worker(effect(async () => void performed.push(owner) as never, { kind: 'write', idempotent: true })));
  const testProcess = new TestProcess();
  const address = await testProcess.start(machineOf('frozen'));
  // Its lease has expired, so it renews before it starts the effect. It is frozen until the answer comes.
  const renew = testProcess.journal.renew.bind(testProcess.journal);
  const renewAgain = withoutRenewals(testProcess.journal);
  await testProcess.advance(11_000);
  const unfrozen = deferred();
  testProcess.journal.renew = (...args) => renew(...args).then((kept) => unfrozen.promise.then(() => kept));
  void testProcess.signal(address, { type: 'go' }).catch(() => {});
  await settle();
  renewAgain();
  await testProcess.advance(20_000);
  const other = testProcess.startProcess();
  await other.host.resume('r1', machineOf('owner'));
  await settle();
  unfrozen.resolve();
  await settle();
  expect(performed).toEqual(['owner']);
});

test('messages of a run that was lost are left to its new owner, which sends them in order', async () => {
  const teller = setup({
    actions: { one: sendParent({ type: 'say', word: 'one' }), two: sendParent({ type: 'say', word: 'two' }) },
  }).createMachine({ id: 'teller', entry: ['one', 'two'] });
  const listener = type(
    setup({
      types: {} as { context: { received: string[] }; events: { type: 'say'; word: string } },
      actors: { teller },
      actions: { keep: assign({ received: ({ context, event }) => [...context.received, event.word] }) },
    }).createMachine({
      id: 'listener',
      context: { received: [] },
      invoke: { src: 'teller', id: 'teller' },
      on: { say: { actions: 'keep' } },
    }),
  );
  // The first message is held up in the transport; the second one waits for it.
  const stuck = deferred();
  const inner = inProcess();
  const testProcess = new TestProcess({
    transport: { ...inner, send: (envelope) => stuck.promise.then(() => inner.send(envelope)) },
  });
  const address = await testProcess.start(listener);
  testProcess.journal.renew = () => Promise.resolve(false);
  testProcess.journal.renewAll = () => Promise.resolve(0);
  await testProcess.advance(20_000);
  expect(testProcess.host.owns('r1')).toBe(false);
  stuck.resolve();
  await testProcess.advance(1_000);
  expect(await testProcess.journal.mail('r1')).toEqual([]);

  const next = new TestProcess({ journal: testProcess.journal, clock: testProcess.clock, transport: inProcess() });
  await next.resume(listener);
  expect((await next.row(address)).context).toEqual({ received: ['one', 'two'] });
});

test('a timer of a process that was frozen past its lease does not fire twice', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(counter);
  withoutRenewals(testProcess.journal);
  await testProcess.advance(20_000);
  const other = testProcess.startProcess();
  await other.host.resume('r1', counter);
  await testProcess.advance(60_000);
  expect((await testProcess.row(address)).context).toEqual({ n: 1 });
});

test('a lost lease is noticed at the next renewal, and the process releases the run', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(counter);
  await testProcess.journal.claim('r1', 'another', { now: testProcess.clock.now() + 60_000, ttl: 60_000 });
  await testProcess.advance(4_000);
  expect(testProcess.host.owns('r1')).toBe(false);
  expect(testProcess.host.actorsOf('r1')).toEqual([]);
});

test('parking gives effects time to finish, and keeps their results', async () => {
  const answer = deferred<string>();
  const machine = type(worker(effect(() => answer.promise)));
  const testProcess = new TestProcess();
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'go' });
  const parked = testProcess.host.park('r1', 5_000);
  await settle();
  expect(testProcess.host.owns('r1')).toBe(true);
  answer.resolve('in time');
  await parked;
  await settle();
  expect((await testProcess.row(address)).context).toMatchObject({ got: 'in time' });
  expect(testProcess.host.owns('r1')).toBe(false);
});

test('closing a host parks its runs', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(counter);
  await testProcess.host[Symbol.asyncDispose]();
  await testProcess.startProcess().host.resume('r1', counter);
});
