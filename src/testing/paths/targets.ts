/** The targets of paths, and which of them a step reaches. */
import type { AnyStateMachine } from 'xstate';
import { nodeOf } from '../../runtime/charts.ts';
import { withInertChildren } from '../../core/chart.ts';
import { everyNode } from '../../core/machineShape.ts';
import { markTransitions, takenTransitions } from '../cover/probe.ts';
import { moveWords, nodesIn } from '../cover/report.ts';
import type { WalkStep } from './walk.ts';

/** What paths lead to: every final state, every state, or every transition. */
export type PathTarget = 'final' | 'states' | 'transitions';

/** The targets of one machine. */
export interface Targets {
  /** The machine to walk; for transitions a copy that reports which of them it takes. */
  readonly machine: AnyStateMachine;
  /** Every target by its id, with its words. */
  readonly all: ReadonlyMap<string, string>;
  /** Ids of the targets that a step reaches. */
  reached(stride: WalkStep): readonly string[];
}

/** The targets of a machine for a goal. */
export function targetsOf(machine: AnyStateMachine, goal: PathTarget): Targets {
  if (goal === 'transitions') return transitions(machine);
  const nodes = everyNode(machine.root).filter(({ type }) =>
    goal === 'final' ? type === 'final' : type !== 'history',
  );
  const all = new Map(nodes.map(({ id }) => [id, id]));
  return { machine, all, reached: ({ visited }) => [...visited].map(({ id }) => id).filter((id) => all.has(id)) };
}

function transitions(machine: AnyStateMachine): Targets {
  const all = nodesIn(nodeOf(machine.root)).flatMap(({ id, transitions }) =>
    transitions.map((move, index) => [`${id}#${index}`, moveWords(id, move)] as const),
  );
  const marked = withInertChildren(machine);
  markTransitions(marked);
  return { machine: marked, all: new Map(all), reached: ({ actions }) => takenTransitions(actions) };
}
