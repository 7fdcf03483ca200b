/** A write that may have happened keeps its key in every retry, whatever a mended definition asks for before it; and no other effect is given that key. */
import { describe, expect, test } from 'vitest';
import { assign, setup, type AnyStateMachine } from 'xstate';
import { machine } from 'troupe';
import { testRuntime } from 'troupe/testing';
import { systemClock } from '../../src/engine/clock.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { emptyContents } from '../../src/journal/memory/contents.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { journals } from '../engine/journals.ts';
import { act, attempt, failing, never, type Act } from './retrying.ts';

/** A part of a machine: the effect that it performs, and its input. */
type Part = readonly [src: string, input?: unknown];

/** Its parts are known only when it is run, so its types say nothing. */
const chart = (id: string, actors: Record<string, unknown>, parts: readonly Part[]) =>
  setup({ actors } as object).createMachine({
    id,
    type: 'parallel',
    states: Object.fromEntries(
      parts.map(([src, input = null], index) => [
        `part${index}`,
        {
          initial: 'acting',
          states: { acting: { invoke: { src, input: () => input, onDone: 'acted' } }, acted: { type: 'final' } },
        },
      ]),
    ),
  } as never) as unknown as AnyStateMachine;

/** A machine whose parts act at once. */
const parallel = (acts: Record<string, Act>, parts: readonly Part[]) => machine(chart('pair', doing(acts), parts));
const doing = (acts: Record<string, Act>) =>
  Object.fromEntries(Object.entries(acts).map(([name, { does }]) => [name, does]));
const keysOf = ({ calls }: Act) => [...new Set(calls.map(({ key }) => key))];

/** A payment that hangs, a step that breaks the run meanwhile, and a check that the first definition did not ask for. */
function story(options: object) {
  let isBroken = true;
  const pay = act(() => (isBroken ? never() : 'paid'), { kind: 'write', ...options });
  const third = act(() => (isBroken ? failing('tool')() : null));
  const check = act(() => 'checked', { kind: 'write', idempotent: true });
  return { pay, third, check, mend: () => (isBroken = false) };
}

describe.each(Object.entries(journals))('in a journal of the kind %s', (_, open) => {
  test('a payment that may have been made keeps its key when the mended definition checks something first', async () => {
    await using journal = await open(systemClock());
    const { mend, ...acts } = story({ idempotent: true });
    expect(await attempt(journal, parallel(acts, [['pay'], ['third']]), false)).toMatchObject({ status: 'failed' });
    mend();
    const fixed = parallel(acts, [['check'], ['pay'], ['third']]);
    expect(await attempt(journal, fixed, true)).toMatchObject({ status: 'done' });
    expect(acts.pay.calls).toMatchObject([{ again: false }, { again: true }]);
    expect(keysOf(acts.pay)).toHaveLength(1);
    // Never asked for before: it has a key of its own.
    expect(acts.check.calls).toMatchObject([{ again: false }]);
    expect(keysOf(acts.pay)).not.toContain(acts.check.calls[0]?.key);
  });

  test('a payment that may have been made and honours no key is not made again when another step comes first', async () => {
    await using journal = await open(systemClock());
    const { mend, ...acts } = story({});
    expect(await attempt(journal, parallel(acts, [['pay'], ['third']]), false)).toMatchObject({ status: 'failed' });
    mend();
    const fixed = () => parallel(acts, [['check'], ['pay'], ['third']]);
    const uncertain = {
      status: 'failed',
      failure: { kind: 'uncertain', message: expect.stringContaining('"pay"') as string },
    };
    expect(await attempt(journal, fixed(), true)).toMatchObject(uncertain);
    expect(await attempt(journal, fixed(), true)).toMatchObject(uncertain);
    expect(acts.pay.calls).toHaveLength(1);
    expect(keysOf(acts.check)).toHaveLength(1);
  });

  test('a payment of a child that was stopped keeps its key', async () => {
    await using journal = await open(systemClock());
    const { mend, third, ...acts } = story({ idempotent: true });
    const parent = (parts: readonly Part[]) =>
      machine(
        chart('parent', { third: third.does, child: chart('child', doing(acts), parts) }, [['child'], ['third']]),
      );
    expect(await attempt(journal, parent([['pay']]), false)).toMatchObject({ status: 'failed' });
    mend();
    expect(await attempt(journal, parent([['check'], ['pay']]), true)).toMatchObject({ status: 'done' });
    expect([keysOf(acts.pay), keysOf(acts.check)].map(({ length }) => length)).toEqual([1, 1]);
    expect(acts.check.calls).toMatchObject([{ again: false }]);
  });
});

test('so does a payment of a child that nobody had stopped when the process died', async () => {
  const contents = emptyContents();
  const journal = memory(contents);
  const { mend, third, ...acts } = story({ idempotent: true });
  const parent = (parts: readonly Part[]) =>
    machine(chart('parent', { third: third.does, child: chart('child', doing(acts), parts) }, [['child'], ['third']]));
  // The last commit of the child is lost.
  const dying: Journal = {
    ...journal,
    commit: (commit) => (commit.status === 'stopped' ? new Promise(() => {}) : journal.commit(commit)),
  };
  const lost = await testRuntime({ journal: dying });
  const run = await lost.start(parent([['pay']]), null, { key: 'k' });
  await lost.settle();
  expect(await journal.find({ actor: run.root })).toMatchObject([{ status: 'failed' }]);
  expect(await journal.find({ type: 'child' })).toMatchObject([{ status: 'active' }]);
  mend();
  await using next = await testRuntime({ journal, seed: 2 });
  for (const [run, lease] of contents.claims) contents.claims.set(run, { ...lease, until: 0 }); // The lease of the process that died is over.
  const retried = await next.retry('k', parent([['check'], ['pay']]));
  expect(await retried.outcome()).toMatchObject({ status: 'done' });
  expect([keysOf(acts.pay), keysOf(acts.check)].map(({ length }) => length)).toEqual([1, 1]);
});

test('payments of different amounts keep their keys when they are asked for in another order', async () => {
  const journal = memory();
  const { mend, ...acts } = story({ idempotent: true });
  const first = parallel(acts, [['pay', 5], ['pay', 7], ['third']]);
  expect(await attempt(journal, first, false)).toMatchObject({ status: 'failed' });
  mend();
  const fixed = parallel(acts, [['pay', 7], ['third'], ['pay', 5]]);
  expect(await attempt(journal, fixed, true)).toMatchObject({ status: 'done' });
  const [five, seven] = acts.pay.calls;
  expect(acts.pay.calls.slice(2)).toMatchObject([
    { ...seven, again: true },
    { ...five, again: true },
  ]);
});

test.each(['both were under way', 'one had failed'])(
  'two payments of one amount, of which %s, have two keys, also when the retry is interrupted between them',
  async (first) => {
    const journal = memory();
    let how: 'breaks' | 'pays the second' | 'works' = 'breaks';
    const isSecond = (key: string) => key === pay.calls[1]?.key;
    const pay = act(
      ({ key }) => {
        if (how === 'breaks' && first === 'one had failed' && pay.calls.length === 2) return failing('tool')();
        return how === 'works' || (how !== 'breaks' && isSecond(key)) ? 'paid' : never();
      },
      { kind: 'write', idempotent: true },
    );
    const third = act(() => (how === 'breaks' ? failing('tool')() : null));
    const subject = () => parallel({ pay, third }, [['pay', 5], ['pay', 5], ['third']]);
    expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
    how = 'pays the second';
    expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'active' });
    how = 'works';
    expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'done' });
    const keys = pay.calls.map(({ key }) => key);
    expect(keys[0]).not.toBe(keys[1]);
    expect(keys).toEqual([0, 1, 0, 1, 0].map((nth) => keys[nth]));
  },
);

test('a payment that may have been made, and failed when it was made again, is made once more under its key', async () => {
  const journal = memory();
  let how: 'hangs' | 'fails' | 'works' = 'hangs';
  const pay = act(() => (how === 'hangs' ? never() : how === 'fails' ? failing('tool')() : 'paid'), {
    kind: 'write',
    idempotent: true,
  });
  const third = act(() => (how === 'hangs' ? failing('tool')() : null));
  const subject = () => parallel({ pay, third }, [['pay'], ['third']]);
  for (how of ['hangs', 'fails'] as const)
    expect(await attempt(journal, subject(), how === 'fails')).toMatchObject({ status: 'failed' });
  how = 'works';
  expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'done' });
  expect(keysOf(pay)).toHaveLength(1);
  // The failure says nothing of the first attempt.
  expect(pay.calls.map(({ again }) => again)).toEqual([false, true, true]);
});

test('the key of a payment that the mended definition does not ask for is given to nobody', async () => {
  const journal = memory();
  const { mend, ...acts } = story({ idempotent: true });
  const refund = act(() => 'paid back', { kind: 'write' });
  expect(await attempt(journal, parallel(acts, [['pay', 5], ['third']]), false)).toMatchObject({ status: 'failed' });
  mend();
  const fixed = parallel({ ...acts, refund }, [['refund', 5], ['pay', 6], ['third']]);
  expect(await attempt(journal, fixed, true)).toMatchObject({ status: 'done' });
  expect(refund.calls).toMatchObject([{ again: false }]);
  expect(acts.pay.calls).toMatchObject([{ input: 5 }, { input: 6, again: false }]);
  expect(new Set([...keysOf(acts.pay), ...keysOf(refund)]).size).toBe(3);
});

/** Pays, gives up waiting after a minute, and goes on; the last step breaks. */
const impatient = (acts: Record<string, Act>, before: readonly string[]) =>
  machine(
    setup({ actors: doing(acts) } as object).createMachine({
      id: 'impatient',
      initial: before[0] ?? 'paying',
      states: {
        check: { invoke: { src: 'check', input: null, onDone: 'paying' } },
        paying: { invoke: { src: 'pay', input: null, onDone: 'last' }, after: { 60_000: 'last' } },
        last: { invoke: { src: 'third', input: null, onDone: 'end' } },
        end: { type: 'final' },
      },
    } as never) as unknown as AnyStateMachine,
  );

test('a payment that its machine did not wait for keeps its key', async () => {
  const journal = memory();
  const { mend, ...acts } = story({ idempotent: true });
  expect(await attempt(journal, impatient(acts, []), false)).toMatchObject({ status: 'failed' });
  mend();
  expect(await attempt(journal, impatient(acts, ['check']), true)).toMatchObject({ status: 'done' });
  expect(keysOf(acts.pay)).toHaveLength(1);
  expect(acts.check.calls).toMatchObject([{ again: false }]);
});

test.each([2, 3])(
  'of payments of one amount, of which the first was tried twice, all %s are made',
  async (payments) => {
    const journal = memory();
    let isBroken = true;
    // The first attempt fails and is made again; the second payment fails.
    const pay = act(() => (isBroken && pay.calls.length !== 2 ? failing('tool')() : 'paid'), {
      kind: 'write',
      idempotent: true,
    });
    const read = act(() => null);
    const subject = (last: string) =>
      machine(
        setup({ actors: { pay: pay.does, read: read.does } }).createMachine({
          id: 'twice',
          initial: 'one',
          states: {
            one: { invoke: { src: 'pay', input: 5, onDone: 'read', onError: 'again' } },
            again: { invoke: { src: 'pay', input: 5, onDone: 'read' } },
            read: { invoke: { src: 'read', input: null, onDone: 'two' } },
            two: { invoke: { src: 'pay', input: 5, onDone: last } },
            three: { invoke: { src: 'pay', input: 5, onDone: 'end' } },
            end: { type: 'final' },
          },
        }),
      );
    expect(await attempt(journal, subject('end'), false)).toMatchObject({ status: 'failed' });
    expect(pay.calls).toHaveLength(3);
    isBroken = false;
    expect(await attempt(journal, subject(payments === 2 ? 'end' : 'three'), true)).toMatchObject({ status: 'done' });
    const [, , last, ...more] = pay.calls;
    expect(more[0]).toMatchObject({ key: last?.key });
    expect(more).toHaveLength(payments - 1);
  },
);

const unsettled = 'troupe.unsettled';

test('an effect without a result is stored with what was asked for, when it is closed; one with a result is not', async () => {
  const journal = memory();
  const { mend, ...acts } = story({ idempotent: true });
  expect(await attempt(journal, impatient(acts, ['check']), false)).toMatchObject({ status: 'failed' });
  const pay = { key: acts.pay.calls[0]?.key, name: 'pay', input: null };
  expect(await journal.list('impatient/k', unsettled)).toEqual([pay]);
  mend();
  expect(await attempt(journal, impatient(acts, ['check']), true)).toMatchObject({ status: 'done' });
  expect(await journal.list('impatient/k', unsettled)).toEqual([pay]);
});

test('nor is one whose process died between its result and the step that takes it', async () => {
  const contents = emptyContents();
  const journal = memory(contents);
  let isBroken = true;
  const pay = act(() => 'paid');
  const subject = () =>
    machine(
      setup({
        actors: { pay: pay.does },
        actions: {
          take: assign(() => {
            if (isBroken) throw new Error('The machine is broken.');
            return {};
          }),
        },
      }).createMachine({
        id: 'payer',
        context: {},
        initial: 'paying',
        states: {
          paying: { invoke: { src: 'pay', input: null, onDone: { target: 'paid', actions: 'take' } } },
          paid: { type: 'final' },
        },
      }),
    );
  let isDead = false;
  const dying: Journal = {
    ...journal,
    record: async (...args) => {
      await journal.record(...args);
      isDead = true;
    },
    commit: (commit) => (isDead ? new Promise(() => {}) : journal.commit(commit)),
  };
  const lost = await testRuntime({ journal: dying });
  const run = await lost.start(subject(), null, { key: 'k' });
  await lost.settle();
  expect(isDead).toBe(true);
  isBroken = false;
  for (const [run, lease] of contents.claims) contents.claims.set(run, { ...lease, until: 0 }); // The lease of the process that died is over.
  await using next = await testRuntime({ journal, seed: 2 });
  expect(await (await next.resume('k', subject())).outcome()).toMatchObject({ status: 'done' });
  expect(pay.calls).toHaveLength(1);
  expect(await journal.list(run.root, unsettled)).toEqual([]);
});

/** A journal as earlier versions wrote it: of an effect without a result only the key is known. */
const ofBefore = (journal: Journal): Journal => ({
  ...journal,
  commit: (commit) => journal.commit({ ...commit, appends: [] }),
  commitAll: async (commits) => journal.commitAll?.(commits.map((commit) => ({ ...commit, appends: [] }))),
});

test.each([true, false])(
  'a run that an earlier version stored is retried: its payments keep their keys, in every life; idempotent: %s',
  async (idempotent) => {
    const journal = memory();
    let how: 'hangs' | 'works' = 'hangs';
    const pay = act(() => (how === 'hangs' ? never() : 'paid'), { kind: 'write', idempotent });
    const third = act(() => (how === 'hangs' ? failing('tool')() : null), { anew: true });
    const subject = () => parallel({ pay, third }, [['pay', 5], ['pay', 7], ['third']]);
    expect(await attempt(ofBefore(journal), subject(), false)).toMatchObject({ status: 'failed' });
    expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'failed' });
    how = 'works';
    const ended = await attempt(journal, subject(), true);
    const [five, seven] = pay.calls;
    if (!idempotent) {
      expect(ended).toMatchObject({ status: 'failed', failure: { kind: 'uncertain' } });
      return expect(pay.calls).toHaveLength(2);
    }
    expect(ended).toMatchObject({ status: 'done' });
    expect(pay.calls).toMatchObject(
      [five, seven, five, seven, five, seven].map((call, index) => ({ ...call, again: index > 1 })),
    );
  },
);
