/**
 * What the stepper reads of XState without being told about it. When one of these fails after XState was raised: compare `StateMachine`, `macrostep`, `microstep`, `enterStates`,
 * `exitStates`, `resolveActionsAndContext`, `evaluateGuard` and the `resolve…` functions of the new version with those of the old one, mend `src/core/stepper/`, run
 * `TROUPE_DOSE=full npx vitest run test/core`, and only then name the new version here and in `package.json`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import {
  and,
  assign,
  cancel,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  log,
  not,
  or,
  raise,
  sendTo,
  setup,
  spawnChild,
  StateMachine,
  stateIn,
  stopChild,
  type AnyStateMachine,
} from 'xstate';
import { chart } from '../../../src/core/chart.ts';
import { ChildReference } from '../../../src/core/stepper/children.ts';
import { newSessionId } from '../../../src/core/stepper/xstate.ts';

/** The version whose steps the stepper takes. */
const version = '5.33.3';

test('the stepper was written for the version of XState that is installed, and the package allows only its patches', () => {
  const require = createRequire(import.meta.url);
  const installed = JSON.parse(readFileSync(require.resolve('xstate/package.json'), 'utf8')) as { version: string };
  const own = JSON.parse(readFileSync(`${import.meta.dirname}/../../../package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  expect(installed.version).toBe(version);
  expect(own.dependencies.xstate).toBe(`~${version}`);
});

const members = (value: unknown) => Object.keys(value as object).sort();

test('the actions and guards that XState makes have the members that the stepper reads, and no others', () => {
  const execute = ['execute', 'resolve', 'type'];
  expect(members(assign({}))).toEqual(['assignment', 'resolve', 'type']);
  expect(members(spawnChild('x' as never))).toEqual(
    [...execute, 'id', 'input', 'src', 'syncSnapshot', 'systemId'].sort(),
  );
  expect(members(stopChild('x'))).toEqual(['actorRef', ...execute]);
  expect(members(enqueueActions(() => {}))).toEqual(['collect', 'resolve', 'type']);
  expect(members(raise({ type: 'x' } as never))).toEqual(['delay', 'event', ...execute, 'id'].sort());
  expect(members(cancel('x'))).toEqual([...execute, 'sendId'].sort());
  expect(members(emit({ type: 'x' } as never))).toEqual(['event', ...execute].sort());
  expect(members(log('x'))).toEqual([...execute, 'label', 'value'].sort());
  expect(members(sendTo('x', { type: 'x' } as never))).toEqual(
    ['delay', 'event', ...execute, 'id', 'retryResolve', 'to'].sort(),
  );
  for (const guard of [and([]), or([]), not('x' as never)]) expect(members(guard)).toEqual(['check', 'guards']);
  expect(members(stateIn('x' as never))).toEqual(['check', 'stateValue']);
});

test('a snapshot of XState has the members of ours, in the same order', () => {
  const machine = createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } });
  const own = chart(machine);
  const [first] = own.initial(undefined);
  const [next] = own.step(first, { type: 'go' });
  for (const ours of [first, next]) {
    expect(Object.keys(ours)).toEqual(Object.keys(machine.resolveState({ value: 'a' })));
    expect(ours.matches).toBe(machine.resolveState({ value: 'a' }).matches);
  }
});

test('a reference to a child has what an actor of XState shows', () => {
  const self = createActor(createMachine({}));
  const scope = { self, system: self.system } as never;
  const options = { id: 'kid', src: 'kid', input: 1, syncSnapshot: false };
  const ours = new ChildReference(scope, options);
  const theirs = createActor(createMachine({}), { ...options, parent: self } as never);
  for (const name of Object.keys(ours)) expect(theirs).toHaveProperty(name);
  expect(ours.toJSON()).toEqual(theirs.toJSON());
  expect({ ...ours.options }).toMatchObject({ id: 'kid', src: 'kid', input: 1, parent: self });
  expect(newSessionId(scope)).toMatch(/^x:\d+$/);
  expect(newSessionId(scope)).not.toBe(newSessionId(scope));
});

test('a machine of another copy of XState is stepped by that copy', () => {
  let asked = 0;
  const other = Object.assign(
    Object.create({
      __proto__: StateMachine.prototype,
      transition(this: AnyStateMachine, ...args: Parameters<AnyStateMachine['transition']>) {
        asked += 1;
        return (StateMachine.prototype.transition as (...given: unknown[]) => unknown).apply(this, args);
      },
    }),
    setup({}).createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } }),
  ) as AnyStateMachine;
  const own = chart(other);
  const [first] = own.initial(undefined);
  expect(own.step(first, { type: 'go' })[0].value).toBe('b');
  expect(asked).toBe(1);
});
