/** Small random charts with a child of each kind of action, for comparing what `check` says can happen with what the engine does. */
import {
  type AnyStateMachine,
  assign,
  cancel,
  emit,
  enqueueActions,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { effect, machine, TroupeError } from 'troupe';
import { engineActions } from 'troupe/machines';
import { sleep } from '../../src/values/clock.ts';
import { seededRandom, type Random } from '../../src/testing/world/random.ts';

interface Context {
  readonly log: string;
  readonly steps: number;
}

/** Every step is counted, and none is taken after so many: a chart always comes to rest. */
const maxSteps = 5;
const names = ['one', 'two', 'three'] as const;

/**
 * `seed` decides the shape. `pace` decides the delays, which `check` does not look at: with many of them the engine takes many of its orders.
 */
export function randomChart(seed: number, pace: number) {
  const random = seededRandom(seed * 7919);
  const tempo = seededRandom(pace * 104_729);
  const delay = () => tempo.between(1, 400);
  const delays = Object.fromEntries(['short', 'long', 'later', 'soon'].map((name) => [name, delay()]));
  const child = childChart(random, delays);
  const fails = tempo.chance(0.5);
  const common = setup({
    types: {} as { context: Context; output: string },
    delays,
    actors: {
      child,
      work: effect(async (_, { clock, signal }) => {
        await sleep(clock, delay(), signal);
        if (fails) throw new TroupeError('tool', 'It did not work.');
        return null;
      }),
    },
    guards: { mayStep: ({ context }) => context.steps < maxSteps, isLate: ({ context }) => context.steps >= 2 },
    actions: {
      ...engineActions,
      note: assign({
        log: ({ context, event }) => context.log + letterOf(event.type),
        steps: ({ context }) => context.steps + 1,
      }),
      pong: sendTo('kid', { type: 'two' }),
      pongLater: sendTo('kid', { type: 'two' }, { delay: 'later', id: 'pong' }),
      toItself: sendTo(({ self }) => self, { type: 'one' }),
      toItselfLater: sendTo(({ self }) => self, { type: 'three' }, { delay: 'soon', id: 'self' }),
      raiseTwo: raise({ type: 'two' }),
      raiseLater: raise({ type: 'two' }, { delay: 'short', id: 'raised' }),
      calm: cancel('pong'),
      calmRaised: cancel('raised'),
      stopKid: stopChild('kid'),
      spawnOther: spawnChild('child', { id: 'other' }),
      spawnByAssign: assign(({ spawn }) => (spawn('child', { id: 'third' }), {})),
      emitIt: emit({ type: 'told' }),
      several: enqueueActions(({ enqueue, check }) => {
        if (check(({ context }) => (context as Context).steps < 3)) enqueue.raise({ type: 'three' });
        enqueue.sendTo('kid', { type: 'one' });
      }),
    },
  });
  const actions = [
    'pong', 'pongLater', 'toItself', 'toItselfLater', 'raiseTwo', 'raiseLater', 'calm', 'calmRaised', 'stopKid',
    'spawnOther', 'spawnByAssign', 'emitIt', 'several', { type: 'append', params: { list: 'kept', entry: 1 } },
  ]; // prettier-ignore
  const states = ['a', 'b', 'c'];
  const target = () => random.pick([...states, 'end']);
  const some = (most: number) => Array.from({ length: random.between(0, most) }, () => random.pick(actions));
  const move = () => ({ guard: 'mayStep', target: target(), actions: ['note', ...some(1)] });
  const state = () => {
    const withWork = random.chance(0.35);
    return {
      entry: some(2),
      ...(random.chance(0.3) ? { exit: some(1) } : {}),
      ...(random.chance(0.4) ? { after: { [random.pick(['short', 'long'])]: move() } } : {}),
      ...(random.chance(0.3) ? { always: { guard: 'isLate', target: 'end', actions: some(1) } } : {}),
      ...(withWork
        ? { invoke: { src: 'work', id: 'work', onDone: move(), ...(random.chance(0.7) ? { onError: move() } : {}) } }
        : {}),
      on: Object.fromEntries(names.filter(() => random.chance(0.6)).map((name) => [name, move()])),
    };
  };
  const config = {
    id: 'root',
    context: { log: '', steps: 0 },
    initial: 'a',
    invoke: { src: 'child', id: 'kid', ...(random.chance(0.7) ? { onDone: { actions: 'note' } } : {}) },
    states: { ...Object.fromEntries(states.map((name) => [name, state()])), end: { type: 'final' } },
    output: ({ context }: { context: Context }) => context.log,
  };
  // The shape is random: XState's types describe only charts that are written down.
  return machine(common.createMachine(config as never) as unknown as AnyStateMachine);
}

/** Tells its parent something at every turn, with and without eventless transitions. */
function childChart(random: Random, delays: Record<string, number>) {
  const base = setup({
    types: {} as { context: { seen: number } },
    delays,
    guards: { hasSeen: ({ context }) => context.seen > 0 },
    actions: {
      tellOne: sendParent({ type: 'one' }),
      tellTwo: sendParent({ type: 'two' }),
      tellLater: sendParent({ type: 'three' }, { delay: 'soon' }),
      see: assign({ seen: ({ context }) => context.seen + 1 }),
    },
  });
  const tell = () =>
    Array.from({ length: random.between(0, 2) }, () => random.pick(['tellOne', 'tellTwo', 'tellLater', 'see']));
  const config = {
    id: 'child',
    context: { seen: 0 },
    initial: 'x',
    states: {
      x: {
        entry: tell(),
        ...(random.chance(0.6) ? { after: { short: { target: 'y', actions: tell() } } } : {}),
        on: { two: { target: 'y', actions: ['see', ...tell()] } },
      },
      y: {
        entry: tell(),
        ...(random.chance(0.5) ? { always: { guard: 'hasSeen', target: 'z', actions: tell() } } : {}),
        on: { one: { target: 'z', actions: tell() } },
      },
      z: random.chance(0.7) ? { type: 'final' } : {},
    },
  };
  return base.createMachine(config as never);
}

const letterOf = (type: string): string =>
  type.startsWith('xstate.') ? (/^xstate\.(\w)/.exec(type)?.[1] ?? '?').toUpperCase() : type.slice(0, 2);
