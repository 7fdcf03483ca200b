/**
 * The only place that calls XState: a machine as pure functions. Nothing outside this file steps, saves or restores a machine.
 *
 * C1 A step starts nothing: every child is an inert stub, and the actions of the machine are returned as data.
 * C2 A step returns what XState's own `transition()` returns. `stepper/` takes it by plans that are made once; XState takes those that end in an error, those of a machine
 *    that has ended, and all of a machine that another copy of XState has made. One reused scope saves building an actor for each of them.
 * C3 A saved snapshot is plain JSON with the names of the children, never their state.
 * C4 A restored snapshot steps like the one that was saved. XState remembers in which order regions entered their states, takes their eventless
 *    transitions in that order, and forgets it when saving; here regions are always in the order in which the machine lists them.
 */
import {
  createActor,
  type AnyActorLogic,
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type ExecutableActionObject,
  type StateValue,
} from 'xstate';
import { TroupeError } from '../values/failure.ts';
import { cloneJson, type Json, type JsonObject } from '../values/json.ts';
import { lightCopy } from './lightCopy.ts';
import { everyNode, inMachineOrder } from './machineShape.ts';
import { endlessError } from './stepper/endless.ts';
import { stepper } from './stepper/stepper.ts';
import type { StepTrace } from './platform.ts';
import { withMarks } from './references.ts';

/** Any state machine of XState. */
export type StateMachine = AnyStateMachine;
/** A state of any machine, with the states and transitions in it. */
export type StateNode = AnyStateNode;
/** A snapshot of any machine. */
export type Snapshot = AnyMachineSnapshot;
/** An event of any machine. */
export type MachineEvent = AnyEventObject;
/** An action of XState, with its parameters. */
export type Action = ExecutableActionObject;
/** The result of a step: the new snapshot, and the actions in order. */
export type MachineStep = readonly [snapshot: Snapshot, actions: readonly Action[]];

/** A machine as pure functions. */
export interface Chart {
  /** The machine as its author wrote it. */
  readonly machine: AnyStateMachine;
  /** The first step: the state that the machine starts in with this input, and the actions on the way. */
  initial(input: unknown): MachineStep;
  /** Takes one event, and all eventless transitions that follow. Throws what a guard or an action throws. */
  step(snapshot: Snapshot, event: MachineEvent): MachineStep;
  /** Does no transition handle the event? (A transition that does nothing does handle it.) */
  ignores(snapshot: Snapshot, event: MachineEvent): boolean;
  /** The snapshot as plain JSON. */
  save(snapshot: Snapshot): JsonObject;
  /** Needs a snapshot that fits the machine (E11). */
  restore(saved: JsonObject): Snapshot;
  /** Is this the target of `sendTo(({ self }) => self)` or of `sendParent`? */
  relationOf(target: unknown): 'self' | 'parent' | undefined;
}

/** More microsteps than this in one step is a cycle (E8). */
const microsteps = 1_000;

/** A child that does nothing: the engine runs the real one. */
const stub: AnyActorLogic = {
  transition: (state) => state,
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  getPersistedSnapshot: () => ({ status: 'active' }) as never,
  restoreSnapshot: (state) => state as never,
};

/** The actor that a step is taken for, and its parent. All charts share them: they take as long to make as a chart. */
const parent = createActor(stub, { id: '#parent' });
const inertSelf = createActor(stub, { id: '#self', parent });

/** A copy of a machine whose children do nothing and whose steps end (C1, E8). Its state nodes are its own, so they may be changed. */
export const withInertChildren = (machine: AnyStateMachine): AnyStateMachine =>
  // Without implementations of its own, `provide` is a copy.
  inertCopy(machine.provide({}) as AnyStateMachine);

/** The same, with the state nodes of the machine. */
function inertCopy(machine: AnyStateMachine): AnyStateMachine {
  const stubs = Object.fromEntries(Object.keys(machine.implementations.actors).map((name) => [name, stub]));
  const inert = lightCopy(machine, { actors: stubs });
  inert.options = {
    ...inert.options,
    maxIterations: Math.min(machine.options?.maxIterations ?? microsteps, microsteps),
  };
  return inert;
}

/** `trace` is told of every step. */
export function chart(machine: AnyStateMachine, trace?: StepTrace): Chart {
  const inert = inertCopy(machine);

  const refuse = (what: string, instead: string) => () => {
    throw new TroupeError('unsupported', `${what} is not supported in the machine "${machine.id}": ${instead}.`);
  };
  const self = Object.assign(Object.create(inertSelf) as typeof inertSelf, {
    getSnapshot: refuse('self.getSnapshot()', 'take the context and the event that each guard and action is given'),
    system: Object.assign(Object.create(inertSelf.system) as typeof inertSelf.system, {
      // It would give undefined, for which XState sends to the actor itself.
      get: refuse('system.get()', 'send to an address'),
    }),
  });
  let actions: Action[] = [];
  const nothing = () => {};
  const scope: AnyActorScope = {
    self,
    id: '',
    sessionId: '',
    system: self.system,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: (action) => void actions.push(action),
  };
  let isParallel: boolean | undefined;
  /** The snapshot with its regions in the order of the machine (C4). */
  const inOrder = (snapshot: Snapshot): Snapshot => {
    isParallel ??= everyNode(inert.root).some(({ type }) => type === 'parallel');
    if (!isParallel || snapshot.status !== 'active') return snapshot;
    const { context, status, output, error, historyValue, children } = snapshot;
    const value = inMachineOrder(snapshot.value, inert.root);
    return Object.assign(inert.resolveState({ value, context, status, output, error, historyValue } as never), {
      children,
    });
  };
  /** A step that XState takes itself. `before`: the snapshot that it begins with, whose regions are in order already. */
  const byXState = (take: () => Snapshot, before?: Snapshot): MachineStep => {
    actions = [];
    let snapshot: Snapshot;
    try {
      snapshot = take();
      if (snapshot.status === 'error') throw snapshot.error;
    } catch (thrown) {
      throw isEndlessError(thrown) ? endlessError(machine.id, inert.options.maxIterations ?? microsteps) : thrown;
    }
    return [snapshot === before ? snapshot : inOrder(snapshot), actions];
  };

  const planned = stepper(inert, scope);
  return {
    machine,
    initial(input) {
      const first = planned?.initial(input) ?? byXState(() => inert.getInitialSnapshot(scope as never, input as never));
      if (trace?.hasListeners) trace.publish({ machine, input, to: first[0] });
      return first;
    },
    ignores: (snapshot, event) => inert.getTransitionData(snapshot, event).length === 0,
    step(snapshot, event) {
      const next =
        planned?.step(snapshot, event) ?? byXState(() => inert.transition(snapshot, event, scope as never), snapshot);
      if (trace?.hasListeners) trace.publish({ machine, from: snapshot, event, to: next[0] });
      return next;
    },
    save,
    // XState revives references inside the context it is given, so it gets a copy.
    restore: (saved) => inOrder(inert.restoreSnapshot(cloneJson(saved) as never, scope as never)),
    relationOf: (target) => (target === self ? 'self' : target === parent ? 'parent' : undefined),
  };
}

/** What `getPersistedSnapshot()` of XState gives, whose children are inert. */
const save = (snapshot: Snapshot): JsonObject => ({
  ...savedState(snapshot, withMarks(snapshot.context as object)),
  children: savedChildren(snapshot.children as Children, () => true),
});

/** A snapshot as plain JSON without its children. `context`: as it was saved. */
export function savedState(snapshot: Snapshot, context: JsonObject): JsonObject {
  const { status, output, error, value, historyValue } = snapshot;
  // XState finds the nodes that a history state leads back to by their ids.
  const history: Record<string, unknown> = {};
  for (const id in historyValue) history[id] = historyValue[id]?.map((node: StateNode) => ({ id: node.id }));
  return { status, output, error, value, historyValue: history, context } as unknown as JsonObject;
}

type Children = Readonly<Record<string, ChildSource | undefined>>;

/** What XState needs to know of a child to restore its reference. */
export interface ChildSource {
  /** Its name in `setup({ actors })`. */
  readonly src: unknown;
}

/** The children of a snapshot, or some of them, as XState saves and restores them. */
export function savedChildren(children: Children, isSaved: (id: string) => boolean): JsonObject {
  const saved: Record<string, Json> = {};
  for (const id in children) {
    const child = children[id];
    // `src` is a name: logic without one cannot be spawned.
    if (child && isSaved(id)) saved[id] = { snapshot: { status: 'active' }, src: child.src as string };
  }
  return saved;
}

const isEndlessError = (thrown: unknown) =>
  thrown instanceof Error && thrown.message.startsWith('Infinite loop detected');
/** The words of state values: the actors of a type share theirs, and a value is never changed. */
const words = new WeakMap<object, string>();

/** The state in words: `active.working.planning`; regions of a parallel state are joined by `|`, as the machine lists them. */
export function stateOf(value: StateValue, node: AnyStateNode): string {
  if (typeof value === 'string') return value;
  const known = words.get(value);
  if (known !== undefined) return known;
  const regions: string[] = [];
  for (const [name, state] of Object.entries(node.states)) {
    const inner = Object.hasOwn(value, name) ? value[name] : undefined;
    const rest = inner === undefined ? undefined : stateOf(inner, state);
    if (rest !== undefined) regions.push(rest ? `${name}.${rest}` : name);
  }
  const said = regions.join('|');
  words.set(value, said);
  return said;
}
