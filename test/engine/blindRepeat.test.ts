/** The mutant that performs a write again although nobody can vouch for it: the proof must complain, without a world to look at. */
import { expect, test, vi } from 'vitest';
import { setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { slot } from '../../machines/slot.ts';
import { machine } from '../../src/define/machine.ts';
import type * as Effects from '../../src/engine/effects.ts';
import { crashEverywhere } from '../../src/testing/crash/crashEverywhere.ts';

vi.mock('../../src/engine/effects.ts', async (load) => {
  const { performEffect } = await load<typeof Effects>();
  const blindly: typeof performEffect = (logic, data, scope) => performEffect(logic, data, { ...scope, again: false });
  return { perform: blindly };
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

test('the proof catches: an uncertain write that is repeated blindly', async () => {
  const { violations } = await crashEverywhere(() => ({ subject, input: null }));
  expect(violations.map(({ problem }) => problem)).toContainEqual(
    expect.stringContaining('was performed 2 times (writer/crash/1/0, writer/crash/1/0), undisturbed 1'),
  );
});
