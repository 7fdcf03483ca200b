/** E4: one process at a time owns a run; a process whose lease has expired can change nothing when it continues. */
import { expect, test } from 'vitest';
import { assign, sendParent, setup } from 'xstate';
import { inProcess } from '../../src/transport/inProcess.ts';
import { effect } from '../../actors/effect.ts';
import { deferred } from '../deferred.ts';
import { worker, type Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';

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

test('while one process owns a run, another one that resumes it is refused with the name of the owner', async () => {
  const stage = new Stage();
  await stage.start(counter);
  const other = stage.process();
  await expect(other.host.resume('r1', counter)).rejects.toMatchObject({
    kind: 'owned_elsewhere',
    retryable: true,
    data: { owner: 'process-1' },
  });
  expect(other.host.actorsOf('r1')).toEqual([]);
  expect(stage.host.owns('r1')).toBe(true);
});

test('a process that lives keeps its runs, because it renews their leases', async () => {
  const stage = new Stage();
  await stage.start(counter);
  for (let i = 0; i < 20; i++) await stage.advance(3_000);
  await expect(stage.process().host.resume('r1', counter)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
});

test('a parked run can be resumed by another process at once', async () => {
  const stage = new Stage();
  await stage.start(counter);
  await stage.host.park('r1');
  const other = stage.process();
  await other.host.resume('r1', counter);
  expect(other.host.owns('r1')).toBe(true);
  expect(stage.host.owns('r1')).toBe(false);
});

test('a run parked in the middle of a commit can be resumed by the same process', async () => {
  const stage = new Stage();
  const address = await stage.start(counter);
  const sent = stage.signal(address, { type: 'count' }).catch(({ kind }: { kind: string }) => kind);
  const parked = stage.host.park('r1');
  await parked;
  await stage.host.resume('r1', counter);
  await sent;
  await settle();
  expect(stage.host.owns('r1')).toBe(true);
  await stage.signal(address, { type: 'count' });
  expect((await stage.row(address)).status).toBe('active');
});

test('a process that was frozen past its lease commits nothing, and starts no effect', async () => {
  let performed = 0;
  const machine = type(worker(effect(async () => ++performed)));
  const stage = new Stage();
  const address = await stage.start(machine);
  // The process is frozen: its lease is not renewed. Another process takes the run over and continues it.
  const renew = stage.journal.renew.bind(stage.journal);
  stage.journal.renew = () => new Promise(() => {});
  await stage.advance(20_000);
  const other = stage.process();
  await other.host.resume('r1', machine);
  await other.transport.send(stage.envelope(address, { type: 'go' }));
  await settle();
  stage.journal.renew = renew;

  const commits = (await stage.journal.history({})).length;
  await expect(stage.signal(address, { type: 'stop' })).rejects.toMatchObject({
    kind: expect.stringMatching(/fenced|unknown_message/) as string,
  });
  await expect(stage.signal(address, { type: 'go' })).rejects.toMatchObject({ kind: 'fenced' });
  expect(await stage.journal.history({})).toHaveLength(commits);
  expect(performed).toBe(1);
  expect(stage.host.owns('r1')).toBe(false);
  expect(other.host.owns('r1')).toBe(true);
});

test('a process that was frozen between a commit and its effect renews its lease first, and starts nothing if it lost the run', async () => {
  const performed: string[] = [];
  const machineOf = (who: string) =>
    type(worker(effect(async () => void performed.push(who) as never, { kind: 'write', idempotent: true })));
  const stage = new Stage();
  const address = await stage.start(machineOf('sleeper'));
  // The process is frozen after its commit is stored and before it gets the acknowledgement.
  const woken = deferred();
  const [commit, renew] = [stage.journal.commit.bind(stage.journal), stage.journal.renew.bind(stage.journal)];
  stage.journal.commit = (what) => commit(what).then(() => woken.promise);
  stage.journal.renew = () => new Promise(() => {});
  void stage.signal(address, { type: 'go' }).catch(() => {});
  await settle();
  stage.journal.commit = commit;
  await stage.advance(20_000);
  const other = stage.process();
  await other.host.resume('r1', machineOf('owner'));
  await settle();
  stage.journal.renew = renew;
  woken.resolve();
  await settle();
  expect(performed).toEqual(['owner']);
  expect(stage.host.owns('r1')).toBe(false);
});

test('a renewal whose answer comes after the renewed lease has expired does not count', async () => {
  const performed: string[] = [];
  const machineOf = (who: string) =>
    type(worker(effect(async () => void performed.push(who) as never, { kind: 'write', idempotent: true })));
  const stage = new Stage();
  const address = await stage.start(machineOf('sleeper'));
  // Its lease has expired, so it renews before it starts the effect. It is frozen until the answer comes.
  const renew = stage.journal.renew.bind(stage.journal);
  stage.journal.renew = () => new Promise(() => {});
  await stage.advance(11_000);
  const woken = deferred();
  stage.journal.renew = (...args) => renew(...args).then((kept) => woken.promise.then(() => kept));
  void stage.signal(address, { type: 'go' }).catch(() => {});
  await settle();
  stage.journal.renew = renew;
  await stage.advance(20_000);
  const other = stage.process();
  await other.host.resume('r1', machineOf('owner'));
  await settle();
  woken.resolve();
  await settle();
  expect(performed).toEqual(['owner']);
});

test('messages of a run that was lost are left to its new owner, which sends them in order', async () => {
  const teller = setup({
    actions: { one: sendParent({ type: 'say', word: 'one' }), two: sendParent({ type: 'say', word: 'two' }) },
  }).createMachine({ id: 'teller', entry: ['one', 'two'] });
  const listener = type(
    setup({
      types: {} as { context: { heard: string[] }; events: { type: 'say'; word: string } },
      actors: { teller },
      actions: { keep: assign({ heard: ({ context, event }) => [...context.heard, event.word] }) },
    }).createMachine({
      id: 'listener',
      context: { heard: [] },
      invoke: { src: 'teller', id: 'teller' },
      on: { say: { actions: 'keep' } },
    }),
  );
  // The first message is held up in the transport; the second one waits for it.
  const stuck = deferred();
  const sleepy = inProcess();
  const stage = new Stage({
    transport: { ...sleepy, send: (envelope) => stuck.promise.then(() => sleepy.send(envelope)) },
  });
  const address = await stage.start(listener);
  stage.journal.renew = () => Promise.resolve(false);
  await stage.advance(20_000);
  expect(stage.host.owns('r1')).toBe(false);
  stuck.resolve();
  await stage.advance(1_000);
  expect(await stage.journal.mail('r1')).toEqual([]);

  const next = new Stage({ journal: stage.journal, clock: stage.clock, transport: inProcess() });
  await next.resume(listener);
  expect((await next.row(address)).context).toEqual({ heard: ['one', 'two'] });
});

test('a timer of a process that was frozen past its lease does not fire twice', async () => {
  const stage = new Stage();
  const address = await stage.start(counter);
  stage.journal.renew = () => new Promise(() => {});
  await stage.advance(20_000);
  const other = stage.process();
  await other.host.resume('r1', counter);
  await stage.advance(60_000);
  expect((await stage.row(address)).context).toEqual({ n: 1 });
});

test('a lost lease is noticed at the next renewal, and the process releases the run', async () => {
  const stage = new Stage();
  await stage.start(counter);
  await stage.journal.claim('r1', 'somebody', { now: stage.clock.now() + 60_000, ttl: 60_000 });
  await stage.advance(4_000);
  expect(stage.host.owns('r1')).toBe(false);
  expect(stage.host.actorsOf('r1')).toEqual([]);
});

test('parking gives effects time to finish, and keeps their results', async () => {
  const answer = deferred<string>();
  const machine = type(worker(effect(() => answer.promise)));
  const stage = new Stage();
  const address = await stage.start(machine);
  await stage.signal(address, { type: 'go' });
  const parked = stage.host.park('r1', 5_000);
  await settle();
  expect(stage.host.owns('r1')).toBe(true);
  answer.resolve('in time');
  await parked;
  await settle();
  expect((await stage.row(address)).context).toMatchObject({ got: 'in time' });
  expect(stage.host.owns('r1')).toBe(false);
});

test('closing a host parks its runs', async () => {
  const stage = new Stage();
  await stage.start(counter);
  await stage.host[Symbol.asyncDispose]();
  await stage.process().host.resume('r1', counter);
});
