/** Follows the steps of a machine on a copy of it: the states, the transitions taken, and what each guard returned. */
import { and, type AnyEventObject, type AnyMachineSnapshot, type AnyStateMachine, type AnyStateNode } from 'xstate';
import { withInertChildren } from '../../core/chart.ts';
import { nameOf } from '../../core/validateNames.ts';
import { everyNode } from '../../core/machineShape.ts';
import type { TracedStep } from '../../engine/trace.ts';
import { initialMicrosteps, lastOf, microstepsOf } from '../microsteps.ts';
import { nodesOf } from '../nodes.ts';

/** What a step went through. */
export interface StepCoverage {
  /** Ids of the states. */
  readonly states: ReadonlySet<string>;
  /** Ids of the transitions: `<id of the state>#<index among its moves in the ChartNode>`. */
  readonly transitions: readonly string[];
  /** What each guard returned. A guard's id is that of its transition, with `.<index>` for each `and`, `or` or `not` around it. */
  readonly answers: readonly (readonly [guard: string, yes: boolean])[];
  /** The snapshot after the step. */
  readonly snapshot: AnyMachineSnapshot;
}

/** Follows the steps of one machine. */
export interface Probe {
  /** The names of all guards of the machine, by id. */
  readonly guards: ReadonlyMap<string, string>;
  /** Takes the step again on the copy. Guards and assigns are pure, so it is the same step; effects are only requested, not performed. */
  follow(step: TracedStep): StepCoverage;
}

/** Makes a probe of a machine. */
export function probe(machine: AnyStateMachine): Probe {
  const copy = withInertChildren(machine);
  markTransitions(copy);
  const guards = new Map<string, string>();
  let answers: [string, boolean][] = [];
  for (const [place, move] of movesOf(copy))
    if (move.guard !== undefined)
      Object.assign(move, {
        guard: reportingGuard(
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
      const steps =
        'from' in step ? microstepsOf(copy, onCopy(step.from, copy), step.event) : initialMicrosteps(copy, step.input);
      return {
        states: new Set(steps.flatMap(([snapshot]) => nodesOf(snapshot)).map(({ id }) => id)),
        transitions: steps.flatMap(([, actions]) => takenTransitions(actions)),
        answers,
        snapshot: lastOf(steps),
      };
    },
  };
}

const takenType = 'troupe.taken';
interface Taken {
  readonly place: string;
}

/** Adds an action to every transition of a machine by which it reports that it was taken. The action is not implemented, so it comes back as data. */
export function markTransitions(machine: AnyStateMachine): void {
  for (const [place, move] of movesOf(machine))
    Object.assign(move, { actions: [...move.actions, { type: takenType, params: { place } satisfies Taken }] });
}

/** Ids of the transitions that a marked machine took. */
export const takenTransitions = (actions: readonly AnyEventObject[]): string[] =>
  actions.flatMap(({ type, params }) => (type === takenType ? [(params as Taken).place] : []));

const movesOf = (machine: AnyStateMachine) =>
  everyNode(machine.root).flatMap((node) =>
    [...node.transitions.values()]
      .flat()
      .concat(node.always ?? [])
      .map((move, index) => [`${node.id}#${index}`, move] as const),
  );

/** The same snapshot, as one of the copy's own. */
function onCopy(snapshot: AnyMachineSnapshot, copy: AnyStateMachine): AnyMachineSnapshot {
  const { value, context, status, output, error, children } = snapshot;
  const history: Readonly<Record<string, readonly AnyStateNode[]>> = snapshot.historyValue;
  const historyValue = Object.fromEntries(
    Object.entries(history).map(([id, nodes]) => [id, nodes.map((node) => copy.getStateNodeById(node.id))]),
  );
  // XState accepts an output and an error here, and its type does not say so.
  const own: AnyMachineSnapshot = copy.resolveState({ value, context, status, output, error, historyValue } as never);
  return Object.assign(own, { children });
}

/** One of XState's own guards: a function whose result XState asks for by `check`. */
interface BuiltInGuard {
  check(snapshot: unknown, args: unknown, guard: { readonly guards?: readonly unknown[] | undefined }): boolean;
  readonly guards?: readonly unknown[];
}

/** Wraps a guard so that its result is reported. Of `and`, `or` and `not` the inner guards are reported, since they decide. */
function reportingGuard(
  guard: unknown,
  place: string,
  onGuard: (place: string, name: string) => void,
  onAnswer: (place: string, yes: boolean) => void,
): unknown {
  const composed = typeof guard === 'function' && 'guards' in guard;
  // XState declares what and() returns as a plain function; in fact it has the `check` by which XState calls it.
  const builtIn = (composed ? guard : and([guard as never])) as unknown as BuiltInGuard;
  const guards = composed
    ? builtIn.guards?.map((inner, index) => reportingGuard(inner, `${place}.${index}`, onGuard, onAnswer))
    : builtIn.guards;
  if (!composed) onGuard(place, nameOf(guard) ?? '(anonymous)');
  return Object.assign(() => false, {
    check(snapshot: unknown, args: unknown) {
      const yes = builtIn.check(snapshot, args, { guards });
      if (!composed) onAnswer(place, yes);
      return yes;
    },
  });
}
