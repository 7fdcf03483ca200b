/** An actor stepped by hand, by nothing but `troupe/core`: two commits, and the same step makes the same commit again (E2). */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { assign, fromPromise, sendParent, setup } from 'xstate';
import * as z from 'zod';
import {
  commitEventOf,
  defineActorType,
  fromEffect,
  fromEnvelope,
  PendingSet,
  stepChange,
  toCommit,
  unwrapSnapshot,
  withEventContext,
  type Incoming,
  type Platform,
  type SpawnInfo,
  type SteppingActor,
} from 'troupe/core';
import { eventContextOf } from 'troupe/machines';

const platform: Platform = {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  trace: { hasListeners: false, publish() {} },
};

/** Looks something up when it is asked to, and tells its parent what it found. */
const clerk = setup({
  types: {} as { context: { began: number; topic: string }; events: { type: 'look'; body: { topic: string } } },
  actors: { lookUp: fromPromise<string, string>(() => Promise.reject(new Error('A step performs nothing.'))) },
  actions: {
    note: assign({ topic: (_, topic: string) => topic }),
    report: sendParent((_, found: string) => ({ type: 'found', found })),
  },
  delays: { patience: 5_000 },
}).createMachine({
  id: 'clerk',
  context: ({ input }) => ({ began: eventContextOf({ input }).at, topic: '' }),
  initial: 'idle',
  states: {
    idle: { on: { look: { target: 'looking', actions: { type: 'note', params: ({ event }) => event.body.topic } } } },
    looking: {
      after: { patience: 'idle' },
      invoke: {
        src: 'lookUp',
        id: 'lookUp',
        input: ({ context }) => context.topic,
        onDone: { target: 'idle', actions: { type: 'report', params: ({ event }) => event.output } },
        onError: 'idle',
      },
    },
  },
});

const type = defineActorType(clerk, { handles: { look: z.object({ topic: z.string() }) } }, platform);
const spawnInfo: SpawnInfo = {
  address: 'clerk/r1.ada',
  run: 'r1',
  parent: 'run/r1',
  key: 'run/r1/1/0',
  id: 'ada',
  input: {},
};
const noReply = { acknowledge() {}, reject() {} };
const look = {
  id: 'm1',
  type: 'look',
  body: { topic: 'actors' },
  from: 'run/r1',
  to: spawnInfo.address,
  run: 'r1',
  kind: 'tell' as const,
};

/** An actor in the hands of the test: what it is as of its last commit. */
function actor() {
  const pendings = new PendingSet();
  const { address, run, parent } = spawnInfo;
  const { children, timers } = pendings;
  const stepping: SteppingActor = {
    address,
    run,
    parent,
    type,
    spawnInfo,
    pendings,
    children,
    timers,
    deadline: undefined,
    pending: (key) => pendings.get(key),
  };
  return { stepping, pendings };
}

/** The first step, at 1,000. */
function begin({ stepping }: ReturnType<typeof actor>) {
  const step = type.chart.initial(withEventContext({}, { at: 1_000, chance: () => 0.5 }));
  const event = { id: `${spawnInfo.address}/0`, type: 'xstate.init', body: {} };
  const { change } = stepChange(stepping, undefined, step, { event }, { seq: 1, now: 1_000 });
  return { snapshot: step[0], commit: toCommit({ type, spawnInfo, created: 1_000, seq: 0 }, change, 1_000, 1) };
}

/** A further step, at `now`. */
function next(
  { stepping }: ReturnType<typeof actor>,
  before: ReturnType<typeof begin>['snapshot'],
  { seq, now }: { seq: number; now: number },
  incoming: Incoming,
) {
  const step = type.chart.step(before, withEventContext(incoming.event, { at: now, chance: () => 0.5 }));
  const { settles, result } = incoming;
  const cause = {
    event: commitEventOf(incoming),
    ...(settles === undefined ? {} : { settles }),
    ...(result ? { result } : {}),
  };
  const { change } = stepChange(stepping, before, step, cause, { seq, now });
  return { snapshot: step[0], commit: toCommit({ type, spawnInfo, created: 1_000, seq: seq - 1 }, change, now, 1) };
}

const received = ({ pendings }: ReturnType<typeof actor>) =>
  fromEnvelope(type, look, (key) => pendings.get(key), noReply);

test('the first step makes the first commit: the state, and the time from the context of its input', () => {
  const { commit } = begin(actor());
  expect(commit).toMatchObject({
    actor: 'clerk/r1.ada',
    parent: 'run/r1',
    type: 'clerk',
    status: 'active',
    state: 'idle',
    seq: 1,
    opens: [],
    closes: [],
    snapshot: { format: 1, machine: 'clerk', hash: type.hash, state: { context: { began: 1_000, topic: '' } } },
  });
});

test('a message opens an effect and a timer, under keys that the step fixes', () => {
  const ada = actor();
  const first = begin(ada);
  const { commit } = next(ada, first.snapshot, { seq: 2, now: 2_000 }, received(ada));
  expect(commit).toMatchObject({
    state: 'looking',
    seq: 2,
    updated: 2_000,
    event: { id: 'm1', type: 'look', from: 'run/r1' },
  });
  expect(commit.opens.map(({ key, kind, due }) => ({ key, kind, due }))).toEqual([
    { key: expect.stringMatching(/^clerk\/r1\.ada\/2\/\d$/) as string, kind: 'timer', due: 7_000 },
    { key: expect.stringMatching(/^clerk\/r1\.ada\/2\/\d$/) as string, kind: 'effect', due: undefined },
  ]);
  expect(commit.opens.find(({ kind }) => kind === 'effect')?.data).toEqual({
    id: 'lookUp',
    src: 'lookUp',
    input: 'actors',
  });
});

test('the result of the effect settles it, cancels the timer and puts a message into the outbox', () => {
  const ada = actor();
  const first = begin(ada);
  const second = next(ada, first.snapshot, { seq: 2, now: 2_000 }, received(ada));
  for (const pending of second.commit.opens) ada.pendings.add(pending);
  const effect = [...ada.pendings].find((pending) => pending.kind === 'effect');
  if (!effect) throw new Error('The step opened no effect.');
  const incoming = fromEffect(effect, { ok: true, output: 'mailboxes' }, false);
  const { commit } = next(ada, second.snapshot, { seq: 3, now: 3_000 }, incoming);
  expect(commit.state).toBe('idle');
  expect(new Set(commit.closes)).toEqual(new Set(second.commit.opens.map(({ key }) => key)));
  expect(commit.results).toEqual([
    { key: effect.key, name: 'lookUp', input: 'actors', outcome: { ok: true, output: 'mailboxes' } },
  ]);
  const [message, ...others] = commit.opens;
  expect(others).toEqual([]);
  expect(message).toMatchObject({
    kind: 'message',
    key: expect.stringMatching(/^clerk\/r1\.ada\/3\/\d$/) as string,
    data: { to: 'run/r1', from: 'clerk/r1.ada', type: 'found', kind: 'signal' },
  });
});

test('the same steps make the same commits again, also from a snapshot that was saved and restored', () => {
  const once = actor();
  const again = actor();
  const first = begin(once);
  expect(begin(again).commit).toEqual(first.commit);

  const second = next(once, first.snapshot, { seq: 2, now: 2_000 }, received(once)).commit;
  const stored = { ...first.commit, pending: [], results: new Map(), lists: {} };
  const restored = type.chart.restore(unwrapSnapshot(type, JSON.parse(JSON.stringify(stored)) as typeof stored));
  expect(next(again, restored, { seq: 2, now: 2_000 }, received(again)).commit).toEqual(second);
});

test('a message that does not fit its contract is rejected before the machine sees it', () => {
  expect(() => fromEnvelope(type, { ...look, body: {} }, () => undefined, noReply)).toThrow(
    expect.objectContaining({ kind: 'invalid' }),
  );
});
