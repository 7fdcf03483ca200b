/** A mutant that repeats an uncertain write: the crash test must report it, also without a model of the outside world. */
import { expect, test, vi } from 'vitest';
import { setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { slot } from '../../machines/slot.ts';
import { machine } from '../../src/runtime/machine.ts';
import type * as Effects from '../../src/engine/effects.ts';
import { crashEverywhere } from '../../src/testing/crash/crashEverywhere.ts';

vi.mock('../../src/engine/effects.ts', async (load) => {
  const effects = await load<typeof Effects>();
  const performEffect: typeof effects.performEffect = (logic, data, scope) =>
    effects.performEffect(logic, data, { ...scope, again: false });
  return { ...effects, performEffect };
});

const writer = setup({ types: {} as object, actors: { write: slot<null, null>('write') } }).createMachine({
  id: 'writer',
  initial: 'writing',
  states: {
    writing: { invoke: { src: 'write', id: 'write', input: null, onDone: 'over', onError: 'over' } },
    over: { type: 'final' },
  },
});
const subject = machine(writer.provide({ actors: { write: effect(async () => null, { kind: 'write' }) } }));

test('the crash test finds: an uncertain write that is repeated', async () => {
  const { violations } = await crashEverywhere(() => ({ subject, input: null }));
  expect(violations.map(({ problem }) => problem)).toContainEqual(
    expect.stringContaining('was performed 2 times (writer/crash/1/0, writer/crash/1/0), undisturbed 1'),
  );
});
