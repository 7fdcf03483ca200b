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
import { inertly } from '../../system/chart.ts';
import { nameOf } from '../../system/names.ts';
import { everyNode } from '../../system/shape.ts';
import type { TracedStep } from '../../system/platform.ts';
import { nodesOf } from '../nodes.ts';

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
  follow(step: TracedStep): Sighting;
}

export function probe(machine: AnyStateMachine): Probe {
  const copy = inertly(machine);
  mark(copy);
  const guards = new Map<string, string>();
  let answers: [string, boolean][] = [];
  for (const [place, move] of movesOf(copy))
    if (move.guard !== undefined)
      Object.assign(move, {
        guard: listening(
          move.guard,
          place,
          (at, name) => void guards.set(at, name),
          (at, yes) => void answers.push([at, yes]),
        ),
      });

  return {
    guards,
    follow(step) {
      answers = [];
      const steps = (
        'from' in step
          ? getMicrosteps(copy, rehoused(step.from, copy) as never, step.event as never)
          : getInitialMicrosteps(copy, step.input as never)
      ) as Microsteps;
      return {
        states: new Set(steps.flatMap(([snapshot]) => nodesOf(snapshot)).map(({ id }) => id)),
        moves: steps.flatMap(([, actions]) => takenIn(actions)),
        answers,
        snapshot: steps.at(-1)![0],
      };
    },
  };
}

type Microsteps = readonly (readonly [AnyMachineSnapshot, readonly AnyEventObject[]])[];

const takenType = 'troupe.taken';

/** Makes every transition of a machine say that it was taken: by an action that nobody implements, which comes back as data. */
export function mark(machine: AnyStateMachine): void {
  for (const [place, move] of movesOf(machine))
    Object.assign(move, { actions: [...move.actions, { type: takenType, params: { place } }] });
}

/** The transitions that a marked machine took, by their place. */
export const takenIn = (actions: readonly AnyEventObject[]): string[] =>
  actions.flatMap(({ type, params }) => (type === takenType ? [(params as { place: string }).place] : []));

const movesOf = (machine: AnyStateMachine) =>
  everyNode(machine.root).flatMap((node) =>
    [...node.transitions.values()]
      .flat()
      .concat(node.always ?? [])
      .map((move, index) => [`${node.id}#${index}`, move] as const),
  );

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
