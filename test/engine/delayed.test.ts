/** What a machine does later survives everything that happens to its process meanwhile: every kind of delayed action, on every journal. */
import { expect, test } from 'vitest';
import { assign, cancel, enqueueActions, raise, sendParent, sendTo, setup, type AnyActorRef } from 'xstate';
import { virtualClock } from '../../src/testing/clock.ts';
import { journals, type JournalKind } from './journals.ts';
import { acting, type Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const delay = 700_000;
const later = { delay, id: 'later' };
const ring = { type: 'ring' } as const;
const count = assign({ rings: ({ context }: { context: { rings: number } }) => context.rings + 1 });
/** XState's types want to know each event; these machines take any. */
const event = ring as never;

const kid = setup({
  types: {} as { context: { rings: number }; events: Signal },
  actions: acting({
    count,
    sendParent: sendParent(ring, later),
    'sendParent in enqueueActions': enqueueActions(({ enqueue }) => enqueue.sendParent(event, later)),
    forget: cancel('later'),
  }),
}).createMachine({
  id: 'kid',
  context: { rings: 0 },
  on: {
    ring: { actions: 'count' },
    sendParent: { actions: 'sendParent' },
    'sendParent in enqueueActions': { actions: 'sendParent in enqueueActions' },
    forget: { actions: 'forget' },
  },
});

const boss = setup({
  types: {} as { context: { rings: number; kid: AnyActorRef }; events: Signal },
  actors: { kid },
  delays: { delay },
  actions: acting({
    count,
    'sendTo oneself': sendTo(({ self }) => self, ring, later),
    'sendTo a child by its name': sendTo('kid', ring, later),
    'sendTo a child by its reference': sendTo(
      ({ context }: { context: { kid: AnyActorRef } }) => context.kid,
      event,
      later,
    ),
    raise: raise(ring, later),
    'sendTo in enqueueActions': enqueueActions(({ enqueue }) => enqueue.sendTo('kid' as never, event, later)),
    'sendTo oneself in enqueueActions': enqueueActions(({ enqueue, self }) => enqueue.sendTo(self, event, later)),
    'raise in enqueueActions': enqueueActions(({ enqueue }) => enqueue.raise(event, later)),
    forget: cancel('later'),
    'forget in enqueueActions': enqueueActions(({ enqueue }) => enqueue.cancel('later')),
  }),
}).createMachine({
  id: 'boss',
  context: ({ spawn }) => ({ rings: 0, kid: spawn('kid', { id: 'kid' }) }),
  initial: 'idle',
  on: {
    ring: { actions: 'count' },
    forget: { actions: 'forget' },
    'forget in enqueueActions': { actions: 'forget in enqueueActions' },
    'sendTo oneself': { actions: 'sendTo oneself' },
    'sendTo a child by its name': { actions: 'sendTo a child by its name' },
    'sendTo a child by its reference': { actions: 'sendTo a child by its reference' },
    raise: { actions: 'raise' },
    'sendTo in enqueueActions': { actions: 'sendTo in enqueueActions' },
    'sendTo oneself in enqueueActions': { actions: 'sendTo oneself in enqueueActions' },
    'raise in enqueueActions': { actions: 'raise in enqueueActions' },
    after: '.waiting',
  },
  states: {
    idle: {},
    waiting: { after: { delay: { target: 'idle', actions: 'count' } }, on: { forget: 'idle' } },
  },
});
const bossType = type(boss);

/** Of each action: who takes it, and who gets the event. */
const kinds: readonly (readonly [action: string, by: 'boss' | 'kid', to: 'boss' | 'kid', forget?: string])[] = [
  ['sendTo oneself', 'boss', 'boss'],
  ['sendTo a child by its name', 'boss', 'kid'],
  ['sendTo a child by its reference', 'boss', 'kid'],
  ['raise', 'boss', 'boss'],
  ['after', 'boss', 'boss'],
  ['sendTo in enqueueActions', 'boss', 'kid', 'forget in enqueueActions'],
  ['sendTo oneself in enqueueActions', 'boss', 'boss', 'forget in enqueueActions'],
  ['raise in enqueueActions', 'boss', 'boss', 'forget in enqueueActions'],
  ['sendParent', 'kid', 'boss'],
  ['sendParent in enqueueActions', 'kid', 'boss'],
];

/** What happens between the action and the time when it is due; each ends when it is due. */
const meanwhile: Readonly<Record<string, (process: TestProcess) => Promise<void>>> = {
  nothing: (process) => process.advance(delay),
  async 'a restart'(process) {
    await process.advance(delay - 1);
    await process.resume(bossType);
    await process.advance(1);
  },
  async 'an idle minute'(process) {
    await process.advance(60_000);
    expect(process.host.actorsOf('r1')).toEqual([]);
    await process.advance(delay - 60_000);
  },
  async 'a take-over'(process) {
    await process.advance(1_000);
    process.host.abandon();
    const { host } = process.startProcess();
    await process.advance(100_000);
    await host.resume('r1', bossType);
    await process.advance(delay - 101_000);
  },
  async 'nobody is there'(process) {
    process.host.abandon();
    await process.advance(3 * delay);
    await process.resume(bossType);
  },
};

async function started(journal: JournalKind) {
  const clock = virtualClock();
  const process = new TestProcess({ clock, journal: await journals[journal](clock), idle: 1_000 });
  await process.start(bossType);
  const rings = async () => ({
    boss: (await process.row('boss/r1')).context['rings'],
    kid: (await process.row(await process.find('kid/'))).context['rings'],
  });
  const address = async (who: 'boss' | 'kid') => (who === 'boss' ? 'boss/r1' : process.find('kid/'));
  return { process, rings, address };
}

/** Two processes have two shared journals, of which the one of the dead process is silent: simulations take those over. Here both are one object. */
const isOneProcess = (journal: JournalKind, between: string) => journal === 'shared' && between === 'a take-over';
const cases = (Object.keys(journals) as JournalKind[]).flatMap((journal) =>
  Object.keys(meanwhile).flatMap((between) => (isOneProcess(journal, between) ? [] : { journal, between })),
);

test.each(cases)(
  '$journal, $between: each kind of delayed action happens once, and the run can be loaded again',
  async ({ journal, between }) => {
    for (const [action, by, to] of kinds) {
      const { process, rings, address } = await started(journal);
      await process.signal(await address(by), { type: action });
      await meanwhile[between]!(process);
      await settle();
      const once = { boss: 0, kid: 0, [to]: 1 };
      expect(await rings(), action).toEqual(once);

      await process.resume(bossType);
      await process.advance(3 * delay);
      expect(await rings(), action).toEqual(once);
      expect((await process.journal.verify()).damage, action).toEqual([]);
      process.host.abandon();
    }
  },
);

test.each(Object.keys(journals) as JournalKind[])(
  '%s: each kind of delayed action can be cancelled after a restart',
  async (journal) => {
    for (const [action, by, , forget = 'forget'] of kinds) {
      const { process, rings, address } = await started(journal);
      await process.signal(await address(by), { type: action });
      await process.resume(bossType);
      await process.signal(await address(by), { type: forget === 'forget' || by === 'kid' ? 'forget' : forget });
      await process.advance(3 * delay);
      expect(await rings(), action).toEqual({ boss: 0, kid: 0 });
      process.host.abandon();
    }
  },
);

/** What earlier versions stored: the message went out under the key of its timer, and no commit closed the timer. */
test.each(['the recipient has it', 'it waits in the inbox'] as const)(
  'a run of an earlier version whose delayed message was sent can be loaded when %s',
  async (where) => {
    // In memory a timer can be settled so; that a file of an earlier version tells the one from damage is shown where it is migrated.
    const { process, rings, address } = await started('memory');
    await process.signal(await address('boss'), { type: 'sendTo a child by its name' });
    const stored = await process.journal.load('boss/r1');
    const id = stored!.pending.find(({ kind }) => kind === 'timer')!.key;
    const kid = await address('kid');
    if (where === 'the recipient has it') await process.signal(kid, ring, { id, from: 'boss/r1' });
    process.host.abandon();
    if (where === 'it waits in the inbox')
      await process.journal.post(process.envelope(kid, ring, { id, from: 'boss/r1' }));
    process.journal.settle('r1', [id]);
    await process.advance(3 * delay);
    await process.resume(bossType);
    expect(await rings()).toEqual({ boss: 0, kid: 1 });
    expect((await process.journal.verify()).damage).toEqual([]);
  },
);
