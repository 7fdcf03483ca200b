/** What a retried run keeps of the effects of a machine of one's own, and under which key it performs the others. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { machine, type FailureKind } from 'troupe';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Json } from '../../src/values/json.ts';
import { act, attempt, failing, never } from './retrying.ts';

/** Reads, does something, reads the same again, and does the last step; gives what it has read. */
const reader = (actors: Record<'read' | 'between' | 'last', ReturnType<typeof act>['does']>) =>
  machine(
    setup({
      types: {} as { context: { read: Json[] }; output: Json[] },
      actors,
      actions: {
        keep: assign({
          read: ({ context, event }) => [...context.read, (event as unknown as { output: Json }).output],
        }),
      },
    }).createMachine({
      id: 'reader',
      context: { read: [] },
      initial: 'first',
      states: {
        first: { invoke: { src: 'read', input: null, onDone: { target: 'between', actions: 'keep' } } },
        between: { invoke: { src: 'between', input: null, onDone: 'second' } },
        second: { invoke: { src: 'read', input: null, onDone: { target: 'last', actions: 'keep' } } },
        last: { invoke: { src: 'last', input: null, onDone: 'end' } },
        end: { type: 'final' },
      },
      output: ({ context }) => context.read,
    }),
  );

test('a step that was taken twice has the result of its first time first, and that of its second time second', async () => {
  const journal = memory();
  const read = act(() => read.calls.length);
  const between = act(() => null);
  let isBroken = true;
  const last = act(() => (isBroken ? failing('tool')() : null));
  const subject = () => reader({ read: read.does, between: between.does, last: last.does });
  expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'done', output: [1, 2] });
  expect(read.calls).toHaveLength(2);
});

test('a retry that is interrupted between the two times goes on with the second', async () => {
  const journal = memory();
  const read = act(() => read.calls.length);
  let how: 'breaks' | 'hangs' | 'works' = 'breaks';
  // Performed anew in each life: here a retry can be interrupted.
  const between = act(() => (how === 'hangs' ? never() : null), { anew: true });
  const last = act(() => (how === 'breaks' ? failing('tool')() : null));
  const subject = () => reader({ read: read.does, between: between.does, last: last.does });
  expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
  how = 'hangs';
  expect(await attempt(journal, subject(), true)).toEqual({ status: 'active' });
  how = 'works';
  expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'done', output: [1, 2] });
  expect(read.calls).toHaveLength(2);
});

test('a failure from which the machine went on by another way is kept, and so is that way', async () => {
  const journal = memory();
  let isBroken = true;
  const direct = act(() => (isBroken ? failing('tool')() : null));
  const detour = act(() => null);
  const last = act(() => (isBroken ? failing('tool')() : null));
  const subject = () =>
    machine(
      setup({ actors: { direct: direct.does, detour: detour.does, last: last.does } }).createMachine({
        id: 'traveller',
        initial: 'direct',
        states: {
          direct: { invoke: { src: 'direct', input: null, onDone: 'end', onError: 'detour' } },
          detour: { invoke: { src: 'detour', input: null, onDone: 'last' } },
          last: { invoke: { src: 'last', input: null, onDone: 'arrived' } },
          arrived: { type: 'final' },
          end: { type: 'final' },
        },
      }),
    );
  expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'done' });
  expect([direct, detour, last].map(({ calls }) => calls.length)).toEqual([1, 1, 2]);
});

test('an output that tells of a failure is none to keep, and none that an earlier failure was followed by', async () => {
  const journal = memory();
  let isBroken = true;
  const direct = act(() => (isBroken ? failing('tool')() : null));
  const detour = act(() => ({ failed: isBroken }), {
    failureIn: ({ failed }: { readonly failed: boolean }) =>
      failed ? { kind: 'tool', message: 'The road is closed.', retryable: false } : undefined,
  });
  const subject = () =>
    machine(
      setup({
        actors: { direct: direct.does, detour: detour.does, last: act(failing('tool')).does },
        guards: { failed: ({ event }) => (event as unknown as { output: { failed: boolean } }).output.failed },
      }).createMachine({
        id: 'traveller',
        initial: 'direct',
        states: {
          direct: { invoke: { src: 'direct', input: null, onDone: 'detour', onError: 'detour' } },
          detour: { invoke: { src: 'detour', input: null, onDone: [{ guard: 'failed', target: 'lost' }, 'arrived'] } },
          lost: { invoke: { src: 'last', input: null } },
          arrived: { type: 'final' },
        },
      }),
    );
  expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'done' });
  expect([direct, detour].map(({ calls }) => calls.length)).toEqual([2, 2]);
});

const one = ({ does }: ReturnType<typeof act>) =>
  machine(
    setup({ actors: { pay: does } }).createMachine({
      id: 'payer',
      initial: 'paying',
      states: { paying: { invoke: { src: 'pay', input: null, onDone: 'paid' } }, paid: { type: 'final' } },
    }),
  );

test.each<[string, FailureKind, object, object]>([
  ['of which it is known that it did not happen is made', 'tool', { status: 'done' }, { again: false }],
  ['that may have happened is not made again', 'uncertain', { status: 'failed', failure: { kind: 'uncertain' } }, {}],
])('a write without a key %s by a retry', async (_, kind, ends, second) => {
  const journal = memory();
  let isBroken = true;
  const pay = act(() => (isBroken ? failing(kind)() : 'paid'), { kind: 'write' });
  expect(await attempt(journal, one(pay), false)).toMatchObject({ status: 'failed', failure: { kind } });
  isBroken = false;
  expect(await attempt(journal, one(pay), true)).toMatchObject(ends);
  expect(pay.calls.slice(1)).toMatchObject(Object.keys(second).length > 0 ? [second] : []);
});

test('a write that may have happened and honours its key is made again under it, and is told so', async () => {
  const journal = memory();
  let isBroken = true;
  const pay = act(() => (isBroken ? failing('uncertain')() : 'paid'), { kind: 'write', idempotent: true });
  expect(await attempt(journal, one(pay), false)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await attempt(journal, one(pay), true)).toMatchObject({ status: 'done' });
  expect(pay.calls).toMatchObject([
    { key: pay.calls[0]?.key, again: false },
    { key: pay.calls[0]?.key, again: true },
  ]);
});

/** Two writes at once, and a third step that breaks while they are under way. */
const pair = (left: ReturnType<typeof act>, right: ReturnType<typeof act>, third: ReturnType<typeof act>) => {
  const region = (src: 'left' | 'right' | 'third') =>
    ({
      initial: 'acting',
      states: { acting: { invoke: { src, input: src, onDone: 'acted' } }, acted: { type: 'final' } },
    }) as const;
  return machine(
    setup({ actors: { left: left.does, right: right.does, third: third.does } }).createMachine({
      id: 'pair',
      type: 'parallel',
      states: { left: region('left'), right: region('right'), third: region('third') },
    }),
  );
};

test.each([true, false])(
  'writes that were under way when the run failed keep their keys, each its own; idempotent: %s',
  async (idempotent) => {
    const journal = memory();
    let isBroken = true;
    const write = () => act(() => (isBroken ? never() : null), { kind: 'write', idempotent });
    const [left, right] = [write(), write()];
    const third = act(() => (isBroken ? failing('tool')() : null));
    const subject = () => pair(left, right, third);
    expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
    // Once more: the keys are those of the first life, however often it is retried.
    expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'failed' });
    isBroken = false;
    const ended = await attempt(journal, subject(), true);
    const keys = [left, right].map(({ calls }) => new Set(calls.map(({ key }) => key)).size);
    expect(keys).toEqual([1, 1]);
    if (idempotent) {
      expect(ended).toMatchObject({ status: 'done' });
      expect(left.calls.map(({ again }) => again)).toEqual([false, true, true]);
      expect(left.calls[0]?.key).not.toBe(right.calls[0]?.key);
    } else {
      // Nobody knows whether they happened, and they cannot be made twice.
      expect(ended).toMatchObject({ status: 'failed', failure: { kind: 'uncertain' } });
      expect([left, right].map(({ calls }) => calls.length)).toEqual([1, 1]);
    }
  },
);

test('a failure that was followed only by an effect that is performed in every life is performed again', async () => {
  const journal = memory();
  let isBroken = true;
  const breaking = () => act(() => (isBroken ? failing('tool')() : null));
  const [direct, last] = [breaking(), breaking()];
  const look = act(() => null, { anew: true });
  const subject = () =>
    machine(
      setup({ actors: { direct: direct.does, look: look.does, last: last.does } }).createMachine({
        id: 'traveller',
        initial: 'direct',
        states: {
          direct: { invoke: { src: 'direct', input: null, onDone: 'end', onError: 'look' } },
          look: { invoke: { src: 'look', input: null, onDone: 'last' } },
          last: { invoke: { src: 'last', input: null, onDone: 'end' } },
          end: { type: 'final' },
        },
      }),
    );
  expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'done' });
  expect([direct, look, last].map(({ calls }) => calls.length)).toEqual([2, 1, 1]);
});

test('a failure that its machine could not take, and was restarted for, is performed again', async () => {
  const journal = memory();
  let isBroken = true;
  // It is given up by its machine, and has no result.
  const slow = act(never);
  const before = act(() => null);
  const breaks = act(() => (isBroken ? failing('tool')() : null));
  const child = setup({
    actors: { slow: slow.does, before: before.does, breaks: breaks.does },
    actions: {
      take: assign(() => {
        if (isBroken) throw new Error('The machine is broken as well.');
        return {};
      }),
    },
  }).createMachine({
    id: 'child',
    context: {},
    initial: 'slow',
    states: {
      slow: { invoke: { src: 'slow', input: null }, after: { 1_000: 'before' } },
      before: { invoke: { src: 'before', input: null, onDone: 'breaks' } },
      breaks: { invoke: { src: 'breaks', input: null, onDone: 'end', onError: { target: 'end', actions: 'take' } } },
      end: { type: 'final' },
    },
  });
  const subject = () =>
    machine(
      setup({ actors: { child } }).createMachine({
        id: 'parent',
        initial: 'working',
        states: { working: { invoke: { src: 'child', onDone: 'end' } }, end: { type: 'final' } },
      }),
      { supervise: { restart: 'fresh', maxRestarts: 1 } },
    );
  expect(await attempt(journal, subject(), false)).toMatchObject({ status: 'failed' });
  expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await attempt(journal, subject(), true)).toMatchObject({ status: 'done' });
  expect(before.calls).toHaveLength(2);
  // Each restart asks for it once more, and each of them has its key. All of them are known to have failed.
  const keys = breaks.calls.map(({ key }) => key);
  expect(keys).toEqual([0, 1, 0, 1, 0].map((nth) => keys[nth]));
  expect(keys[0]).not.toBe(keys[1]);
  expect(breaks.calls.some(({ again }) => again)).toBe(false);
});
