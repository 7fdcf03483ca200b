/** A machine can read when the engine accepted an event: the time comes from the clock of the runtime, and the machine stays pure. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { machine } from 'troupe';
import { eventContextOf } from 'troupe/machines';
import { testRuntime } from 'troupe/testing';

const watch = setup({
  types: {} as {
    context: { began: number; times: readonly number[]; chances: readonly number[] };
    input: { readonly name: string };
    events: { type: 'look' } | { type: 'stop' };
    output: { readonly began: number; readonly times: readonly number[]; readonly differs: boolean };
  },
  actions: {
    note: assign(({ context, event }) => {
      const { at, chance } = eventContextOf(event);
      return { times: [...context.times, at], chances: [...context.chances, chance()] };
    }),
  },
}).createMachine({
  id: 'watch',
  context: ({ input }) => ({ began: eventContextOf({ input }).at, times: [], chances: [] }),
  initial: 'going',
  states: {
    going: { on: { look: { actions: 'note' }, stop: 'done' }, after: { 1_000: { actions: 'note' } } },
    done: { type: 'final' },
  },
  output: ({ context: { began, times, chances } }) => ({ began, times, differs: chances[0] !== chances[1] }),
});

test('messages, timers and the start have an event context with the time of the clock of the runtime', async () => {
  await using runtime = await testRuntime();
  const { root, outcome } = await runtime.start(machine(watch), { name: 'x' });
  const began = runtime.clock.now();
  await runtime.advance('600ms');
  await runtime.signal(root, { type: 'look' });
  await runtime.advance('1s');
  await runtime.signal(root, { type: 'stop' });
  expect(await outcome()).toMatchObject({
    output: { began, times: [began + 600, began + 1_000], differs: true },
  });
});

test('an event that does not come from the engine has an event context with time 0', () => {
  expect(eventContextOf({ type: 'look' }).at).toBe(0);
});
