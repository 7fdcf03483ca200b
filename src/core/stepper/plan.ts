/** What is known of a machine before it steps, as data. All of it is made when it is first needed, and kept. */
import type { AnyStateNode, StateValue } from 'xstate';
import type { ActionReference, HistoryValue, PlannedTransition } from './xstate.ts';

/** A set of states that are active together. */
export interface Configuration {
  /** In the order in which XState has them: it takes eventless transitions in that order. */
  readonly nodes: readonly AnyStateNode[];
  readonly value: StateValue;
  readonly tags: ReadonlySet<string>;
  /** For each innermost state the eventless transitions of it and of the states around it, from the inside out. Those without are left out. */
  readonly eventless: readonly (readonly PlannedTransition[])[];
  /** By what of the type of the event decides. */
  readonly candidates: Map<string, Candidates>;
  /** By the transition, or by the transitions, that were chosen. */
  readonly plans: Map<unknown, Plan>;
  /** The same states in the order in which the machine lists them, once it was needed. */
  inMachineOrder?: Configuration;
}

/** The transitions that a state and those inside it have for one type of event. */
export interface Candidates {
  readonly node: AnyStateNode;
  /** Those of the state itself: taken when none inside it is. */
  readonly own: readonly PlannedTransition[];
  /** The active states inside it that have any. */
  readonly inner: readonly Candidates[];
}

/** What transitions that are taken together do. */
export interface Plan {
  /** The actions of the states that are left and of the transitions, in order. */
  readonly leaving: readonly ActionReference[];
  /** The states that are entered, in order; those without actions that end nothing are left out. */
  readonly entries: readonly Entry[];
  /** Where history states lead back to from now on. */
  readonly remembered: HistoryValue | undefined;
  /** The states after it; undefined when they are the same. */
  readonly next: Configuration | undefined;
  /** The exit actions of all states, when the machine ends by it. */
  readonly ending: readonly ActionReference[];
}

/** A state that is entered. */
export interface Entry {
  readonly actions: readonly ActionReference[];
  /** The ids of what it invokes. */
  readonly invokes: readonly string[];
  /** Only of a final state. */
  readonly completion: Completion | undefined;
}

/** What ends when a final state is entered. */
export interface Completion {
  readonly final: AnyStateNode;
  /** The id of the compound state that it ends. */
  readonly compound: string | undefined;
  /** The ids of the parallel states that end with it, from the inside out. */
  readonly parallels: readonly string[];
  /** The state by which the whole machine ends. */
  readonly root: AnyStateNode | undefined;
}
