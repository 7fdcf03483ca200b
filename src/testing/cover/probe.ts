/** A machine that notes what a step goes through: the states, the transitions it takes, and what every guard that is asked says. */
import {
  and,
  getInitialMicrosteps,
  getMicrosteps,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
} from 'xstate';
import { getStateNodes } from 'xstate';
import { inertly } from '../../system/chart.ts';
import { nameOf } from '../../system/names.ts';
import { everyNode } from '../../system/shape.ts';
import type { Stepped } from '../../system/steps.ts';

export interface Sighting {
  readonly states: ReadonlySet<string>;
  /** Transitions by their place: `<state's id>#<index among the moves of its ChartNode>`. */
  readonly moves: readonly string[];
  /** Guards by their place: that of their transition, and `.<index>` for each `and`, `or` or `not` around them. */
  readonly answers: readonly (readonly [guard: string, yes: boolean])[];
  /** Where the step came to rest. */
  readonly snapshot: AnyMachineSnapshot;
}

export interface Probe {
  /** Every guard of the machine: its place and its name. */
  readonly guards: ReadonlyMap<string, string>;
  /** Goes through the step again. Guards and assigns are pure, so it is the same step; effects are only wished for. */
  follow(step: Stepped): Sighting;
}

const takenType = 'troupe.taken';

export function probe(machine: AnyStateMachine): Probe {
  const copy = inertly(machine);
  const guards = new Map<string, string>();
  let answers: [string, boolean][] = [];
  const hear = (place: string, yes: boolean) => void answers.push([place, yes]);

  for (const node of everyNode(copy.root)) {
    for (const [index, move] of [...node.transitions.values()]
      .flat()
      .concat(node.always ?? [])
      .entries()) {
      const place = `${node.id}#${index}`;
      if (move.guard !== undefined)
        Object.assign(move, { guard: listening(move.guard, place, (at, name) => guards.set(at, name), hear) });
      // An action that nobody implements comes back as data: the proof that its transition was taken.
      Object.assign(move, { actions: [...move.actions, { type: takenType, params: { place } }] });
    }
  }

  return {
    guards,
    follow(step) {
      answers = [];
      const steps = (
        'from' in step
          ? getMicrosteps(copy, rehoused(step.from, copy) as never, step.event as never)
          : getInitialMicrosteps(copy, step.input as never)
      ) as Microsteps;
      const passed = steps.flatMap(([snapshot]) => nodesOf(snapshot));
      return {
        states: new Set(passed.map(({ id }) => id)),
        moves: steps.flatMap(([, actions]) =>
          actions.flatMap(({ type, params }) => (type === takenType ? [(params as { place: string }).place] : [])),
        ),
        answers,
        snapshot: steps.at(-1)![0],
      };
    },
  };
}

type Microsteps = readonly (readonly [AnyMachineSnapshot, readonly AnyEventObject[]])[];

/** The states a snapshot is in, parents included. */
export const nodesOf = ({ machine, value }: AnyMachineSnapshot): readonly AnyStateNode[] => [
  machine.root as AnyStateNode,
  ...getStateNodes(machine.root as AnyStateNode, value),
];

/** The same snapshot, as one of the copy's own. */
function rehoused(snapshot: AnyMachineSnapshot, copy: AnyStateMachine): AnyMachineSnapshot {
  const { value, context, status, output, error, children } = snapshot;
  const history = snapshot.historyValue as Readonly<Record<string, readonly AnyStateNode[]>>;
  const historyValue = Object.fromEntries(
    Object.entries(history).map(([id, nodes]) => [id, nodes.map((node) => copy.getStateNodeById(node.id))]),
  );
  const own = copy.resolveState({ value, context, status, output, error, historyValue } as never);
  return Object.assign(own, { children }) as AnyMachineSnapshot;
}

/** One of XState's own guards: a function that answers by `check`. */
interface BuiltIn {
  check(snapshot: unknown, args: unknown, guard: { readonly guards?: readonly unknown[] | undefined }): boolean;
  readonly guards?: readonly unknown[];
}

/** The guard with somebody listening. Of `and`, `or` and `not` the guards inside are heard, since it is they that decide. */
function listening(
  guard: unknown,
  place: string,
  meet: (place: string, name: string) => void,
  hear: (place: string, yes: boolean) => void,
): unknown {
  // What and() gives is declared as a plain function; that it has a check is how XState asks it.
  const builtIn = (typeof guard === 'function' && 'guards' in guard
    ? guard
    : and([guard as never])) as unknown as BuiltIn;
  const composed = (builtIn as unknown) === guard;
  const guards = composed
    ? builtIn.guards?.map((inner, index) => listening(inner, `${place}.${index}`, meet, hear))
    : builtIn.guards;
  if (!composed) meet(place, nameOf(guard) ?? '(anonymous)');
  return Object.assign(() => false, {
    check(snapshot: unknown, args: unknown) {
      const yes = builtIn.check(snapshot, args, { guards });
      if (!composed) hear(place, yes);
      return yes;
    },
  });
}
