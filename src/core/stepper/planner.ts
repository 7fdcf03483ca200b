/** Makes the plans of a machine: once for each configuration and event, and for each choice of transitions. */
import type { AnyStateNode } from 'xstate';
import { everyNode, inMachineOrder } from '../machineShape.ts';
import { candidatesOf, eventKinds } from './candidates.ts';
import { completionOf } from './completion.ts';
import { Configurations } from './configurations.ts';
import { entrySet } from './entries.ts';
import { exitSet, withoutConflicts } from './exits.ts';
import { History, remember } from './history.ts';
import { initialNodes, innermostFirst, outermostFirst } from './nodes.ts';
import type { Candidates, Configuration, Entry, Plan } from './plan.ts';
import {
  snapshotNodes,
  spawnOf,
  stopOf,
  type ActionReference,
  type HistoryValue,
  type PlannedTransition,
} from './xstate.ts';

/** Copies of a machine that share its states share its plans: nothing in them depends on its implementations. */
const planners = new WeakMap<AnyStateNode, Planner>();
/** The plans of the machine with this root. */
export function plannerOf(root: AnyStateNode): Planner {
  const planner = planners.get(root) ?? new Planner(root);
  planners.set(root, planner);
  return planner;
}

/** The plans of one machine, as far as they were needed. */
export class Planner {
  readonly #root: AnyStateNode;
  readonly #configurations: Configurations;
  readonly #numbers = new Map<PlannedTransition, number>();
  readonly #isParallel: boolean;
  readonly #kindOf: (type: string) => string;
  #initial: { readonly before: Configuration; readonly plan: Plan } | undefined;

  constructor(root: AnyStateNode) {
    this.#root = root;
    this.#configurations = new Configurations(root);
    const nodes = everyNode(root);
    this.#isParallel = nodes.some(({ type }) => type === 'parallel');
    this.#kindOf = eventKinds(nodes);
  }

  /** The configuration with these states, in the order in which XState has them. */
  configuration(nodes: readonly AnyStateNode[]): Configuration {
    return this.#configurations.of(nodes);
  }

  /** The same states in the order in which the machine lists them: that order depends on nothing that came before. */
  inMachineOrder(configuration: Configuration): Configuration {
    if (!this.#isParallel) return configuration;
    configuration.inMachineOrder ??= this.#inOrder(configuration);
    return configuration.inMachineOrder;
  }

  #inOrder({ value }: Configuration): Configuration {
    const { machine } = this.#root;
    const ordered = machine.resolveState({ value: inMachineOrder(value, this.#root), context: {} });
    const configuration = this.configuration(snapshotNodes(ordered));
    configuration.inMachineOrder = configuration;
    return configuration;
  }

  /** The transitions that may be taken for an event. */
  candidates({ candidates, value }: Configuration, type: string): Candidates {
    const kind = this.#kindOf(type);
    return (
      candidates.get(kind) ?? this.#configurations.remember(candidates, kind, candidatesOf(this.#root, value, type))
    );
  }

  /** What these transitions do together. A plan that depends on what history states remember is made anew each time. */
  plan(from: Configuration, transitions: readonly PlannedTransition[], remembered: HistoryValue): Plan {
    const key = transitions.length === 1 ? transitions[0] : transitions.map((each) => this.#numberOf(each)).join();
    const known = from.plans.get(key);
    if (known) return known;
    const history = new History(remembered);
    const plan = this.#make(from, transitions, remembered, history);
    return history.wasAsked ? plan : this.#configurations.remember(from.plans, key, plan);
  }

  /** The configuration before the first step, which has the root alone, and what the first step does. */
  initial(): { readonly before: Configuration; readonly plan: Plan } {
    this.#initial ??= this.#makeInitial();
    return this.#initial;
  }

  #makeInitial() {
    const root = this.#root;
    const before = this.configuration([root]);
    const start: PlannedTransition = { target: [...initialNodes(root)], source: root, reenter: true, actions: [] };
    const active = new Set(before.nodes);
    const history = new History({});
    return {
      before,
      plan: { ...this.#enter(before, active, [start], history, true), leaving: [], remembered: undefined },
    };
  }

  #make(from: Configuration, chosen: readonly PlannedTransition[], remembered: HistoryValue, history: History): Plan {
    const active = new Set(from.nodes);
    const transitions = withoutConflicts(chosen, active, history);
    const left = exitSet(transitions, active, history).sort(innermostFirst);
    const found = remember(left, from.nodes);
    for (const node of left) active.delete(node);
    const leaving = [...left.flatMap(exitActions), ...transitions.flatMap(({ actions }) => actions)];
    // History states lead back to what is left just now.
    const after = found ? new History({ ...remembered, ...found }) : history;
    const plan = { ...this.#enter(from, active, transitions, after, false), leaving, remembered: found };
    history.wasAsked ||= after.wasAsked;
    // XState makes a new snapshot then, even if the states are the same.
    return found && !plan.next ? { ...plan, next: this.configuration([...active]) } : plan;
  }

  #enter(
    from: Configuration,
    active: Set<AnyStateNode>,
    transitions: readonly PlannedTransition[],
    history: History,
    isInitial: boolean,
  ): Omit<Plan, 'leaving' | 'remembered'> {
    const { entered, byDefault } = entrySet(transitions, history);
    const ended = new Set<AnyStateNode>();
    const entries = [...entered].sort(outermostFirst).map((node): Entry => {
      active.add(node);
      const isDefault = byDefault.has(node) || (isInitial && node === this.#root);
      return {
        actions: [
          ...node.entry,
          ...node.invoke.map(spawnOf),
          ...(isDefault ? node.initial.actions : []),
        ] as ActionReference[],
        invokes: node.invoke.map(({ id }) => id),
        completion: completionOf(node, active, ended),
      };
    });
    const isEnd = entries.some(({ completion }) => completion?.root !== undefined);
    const nodes = [...active];
    // XState leaves the states of a machine that has ended in this order.
    if (isEnd) nodes.sort(innermostFirst);
    const isSame = nodes.length === from.nodes.length && from.nodes.every((node) => active.has(node));
    return {
      entries: entries.filter(({ actions, completion }) => actions.length > 0 || completion !== undefined),
      next: isSame ? undefined : this.configuration(nodes),
      ending: isEnd ? nodes.flatMap(({ exit }) => exit as ActionReference[]) : [],
    };
  }

  #numberOf(transition: PlannedTransition): number {
    const number = this.#numbers.get(transition) ?? this.#numbers.size;
    this.#numbers.set(transition, number);
    return number;
  }
}

const exitActions = (node: AnyStateNode): ActionReference[] => [
  ...(node.exit as ActionReference[]),
  ...node.invoke.map(({ id }) => stopOf(id)),
];
