/** Generates tests: the shortest path to every end of a machine, taken again as the engine takes it. */
import { requireOptions, type OptionNames } from '../../values/options.ts';
import type { AnyEventObject, AnyStateMachine } from 'xstate';
import { eventLabel } from '../../runtime/charts.ts';
import { TroupeError } from '../../values/failure.ts';

import { chart, stateOf } from '../../core/chart.ts';
import { stepTrace } from '../../engine/trace.ts';
import type { Runnable } from '../../define/runnable.ts';
import { knownJson, jsonObject } from '../jsonValues.ts';
import { purely } from '../pure.ts';
import { eventsOf, type EventOptions } from './events.ts';
import { targetsOf, type PathTarget } from './targets.ts';
import { restingStates, walkStates, type Walk, type WalkOptions } from './walk.ts';

/** What the paths lead to, and with which events. `input`, `key` and `limit` are those of `walk`. */
export interface PathOptions extends EventOptions, Pick<WalkOptions, 'input' | 'key' | 'limit'> {
  /** What the paths lead to: every final state, every state, or every transition; `final` by default. */
  readonly to?: PathTarget;
  /** Exactly these events; by default they are derived from the chart. */
  readonly events?: readonly AnyEventObject[];
}

/** The shortest path to one target, as a test. */
export interface Path {
  /** The target and the events, as the name of a test. */
  readonly says: string;
  /** The id of the state, or the words for the transition. */
  readonly to: string;
  /** False when no path was found. */
  readonly found: boolean;
  /** The events of the path, in order. */
  readonly events: readonly AnyEventObject[];
  /** The state in which the machine rests at first, and after each event. */
  readonly states: readonly string[];
  /**
   * Takes the path as the engine does: the machine must be pure, and is saved and restored between any two events. Throws `definition` for a
   * step that is not pure and for a target without a path, `incompatible` when the machine comes to another state than before.
   */
  test(): void;
}

/**
 * The shortest path to each target, found breadth first. A target without a path gives a path whose test fails and says why: these events do
 * not lead there, or the walk was cut off at its limit (then, which part of the context grows). Throws `definition` when the machine throws.
 * @example for (const path of paths(doorMachine, { input: {} })) test(path.says, () => path.test());
 */
export function paths(subject: AnyStateMachine | Extract<Runnable, { kind: 'machine' }>, options: PathOptions): Path[] {
  requireOptions('paths', options, pathOptionNames);
  const isSubject = 'kind' in subject;
  const machine = isSubject ? subject.type.chart.machine : subject;
  const { to = 'final', input, key, limit } = options;
  const declared = isSubject ? { signals: subject.type.signals, handles: subject.type.handles } : {};
  const events = options.events ?? eventsOf(machine, { ...declared, ...options });
  const { all, reached, machine: walkable } = targetsOf(machine, to);
  const found = new Map<string, readonly AnyEventObject[]>();
  const walked = walkStates(walkable, {
    input,
    events,
    ...(key ? { key } : {}),
    ...(limit === undefined ? {} : { limit }),
    visit(stride) {
      const { from, event } = stride;
      for (const target of reached(stride))
        if (!found.has(target)) found.set(target, from && event ? [...from.path, event] : []);
      return found.size === all.size;
    },
  });
  return [...all].map(([target, words]) => {
    const path = found.get(target);
    return path ? pathTo(machine, input, words, path) : unreached(machine, words, walked);
  });
}

function pathTo(machine: AnyStateMachine, input: unknown, to: string, events: readonly AnyEventObject[]): Path {
  const states = restingStates(machine, input, events);
  const words = events.map(({ type }) => eventLabel(type));
  return {
    says: `${to}: ${words.join(', ') || 'from the start'}`,
    to,
    found: true,
    events,
    states,
    test() {
      const again = purely(machine.id, () => replayed(machine, input, events));
      const at = again.findIndex((state, index) => state !== states[index]);
      if (at < 0) return;
      throw new TroupeError(
        'incompatible',
        `On its way to ${to} the machine "${machine.id}" ${cameTo(again[at])} after ${words[at - 1] ?? 'its start'}, saved and restored before every event; without that it ${cameTo(states[at])}. What it decides by must be in its context, as plain JSON.`,
      );
    },
  };
}

/** Takes the steps as the engine does: before every event the machine is restored from its saved snapshot. A step that throws is the last one. */
function replayed(machine: AnyStateMachine, input: unknown, events: readonly AnyEventObject[]): string[] {
  const own = chart(machine, stepTrace);
  let [snapshot] = own.initial(input);
  const states = [stateOf(snapshot.value, machine.root)];
  for (const event of events) {
    const saved = jsonObject(knownJson(JSON.parse(JSON.stringify(own.save(snapshot)))));
    try {
      [snapshot] = own.step(own.restore(saved), event);
    } catch (thrown) {
      if (thrown instanceof TroupeError) throw thrown;
      return [...states, `threw ${String(thrown)}`];
    }
    states.push(stateOf(snapshot.value, machine.root));
  }
  return states;
}

const cameTo = (state = '') => (state.startsWith('threw ') ? state : `came to "${state}"`);

function unreached(machine: AnyStateMachine, to: string, walked: Walk): Path {
  const { size } = walked.situations;
  // Told only when it is asked: to look through every situation takes longer than to find them.
  const why = (): string =>
    walked.complete
      ? `these events lead to ${size} ${size === 1 ? 'situation' : 'situations'}, and it is in none of them. Give samples of what leads there, or remove it`
      : `the walk was cut off at its limit of ${size} situations.${growth(walked)} Let "key" keep only what decides, or raise "limit"`;
  return {
    says: `${to}: no path found`,
    to,
    found: false,
    events: [],
    states: [],
    test() {
      throw new TroupeError('definition', `No path leads to ${to} of the machine "${machine.id}": ${why()}.`);
    },
  };
}

/** The parts of the context that took the most values, in words. */
function growth({ situations }: Walk): string {
  const values = new Map<string, Set<string>>();
  for (const { snapshot } of situations.values()) {
    const context: Readonly<Record<string, unknown>> = snapshot.context;
    for (const [name, value] of Object.entries(context))
      values.set(name, (values.get(name) ?? new Set()).add(JSON.stringify(value)));
  }
  const most = [...values].sort(([, a], [, b]) => b.size - a.size).slice(0, 3);
  const words = most.filter(([, { size }]) => size > 1).map(([name, { size }]) => `"${name}" (${size} values)`);
  return words.length > 0 ? ` Its context grows by ${words.join(', ')}.` : '';
}

const pathOptionNames: OptionNames<PathOptions> = {
  samples: true,
  outputs: true,
  signals: true,
  handles: true,
  seed: true,
  input: true,
  key: true,
  limit: true,
  to: true,
  events: true,
};
