/**
 * What the stepper reads of XState and XState does not document, in this file only: the members of its built-in actions and guards, `_nodes` of a snapshot,
 * `_parent` and `_bookId`. They are those of the versions that `package.json` allows; `test/core/stepper/xstate.test.ts` says what to compare when that changes.
 */
/* oxlint-disable no-underscore-dangle -- XState has no other names for them. */
import {
  assign,
  createMachine,
  enqueueActions,
  spawnChild,
  StateMachine,
  stopChild,
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type StateValue,
} from 'xstate';

/** What a guard and an action is given beside its own parameters. */
export interface StepArguments {
  readonly context: object;
  readonly event: AnyEventObject;
}

/** A guard or an action as a machine refers to it: by its name, by its name with parameters, or the function itself. */
export type ReferenceTo<F> = string | { readonly type: string; readonly params?: unknown } | F;

/** A guard. Those that XState makes (`and`, `or`, `not`, `stateIn`) have `check`. */
export type GuardFunction = ((args: StepArguments, params: unknown) => boolean) & {
  readonly check?: (snapshot: WorkingSnapshot, args: StepArguments, guard: unknown) => boolean;
};

/** An action of the author: a function that the engine calls after the commit. */
export type ActionFunction = ((args: never, params: never) => void) & { readonly type?: string };

/** What a built-in action may do beside returning a snapshot. */
export interface ActionExtra {
  /** Raised events, in order: `raise` adds to them. */
  readonly internalQueue: AnyEventObject[];
  /** Ids of what the state that is being entered invokes: `sendTo` may name them before they are there. */
  readonly deferredActorIds: readonly string[] | undefined;
}

/** An action that XState makes: `raise`, `sendTo`, `enqueueActions`, … */
export interface BuiltInAction {
  (args: never, params: never): void;
  readonly type: string;
  /** Gives the snapshot after it, its parameters, and the actions that it enqueued. */
  resolve(
    scope: AnyActorScope,
    snapshot: WorkingSnapshot,
    args: StepArguments,
    params: unknown,
    action: unknown,
    extra: ActionExtra,
  ): readonly [after: WorkingSnapshot, params: unknown, more: readonly ActionReference[] | undefined];
  /** What a live actor would do. */
  readonly execute?: (scope: AnyActorScope, params: unknown) => void;
  /** Looks for the target of `sendTo` again, once the state is entered. */
  readonly retryResolve?: (scope: AnyActorScope, snapshot: WorkingSnapshot, params: unknown) => void;
}
/** `assign`. */
export interface AssignAction extends BuiltInAction {
  readonly assignment: Assigner | Readonly<Record<string, unknown>>;
}
/** The function of `assign`, or that of one property. */
export type Assigner = (
  args: StepArguments & { readonly spawn: unknown; readonly self: AnyActorScope['self'] },
  params: unknown,
) => object;
/** `spawnChild`, and what a state invokes. */
export interface SpawnAction extends BuiltInAction {
  readonly id: unknown;
  readonly src: unknown;
  readonly input: unknown;
  readonly systemId: string | undefined;
  readonly syncSnapshot: boolean;
}
/** `stopChild`. */
export interface StopAction extends BuiltInAction {
  readonly actorRef: unknown;
}
/** `enqueueActions`. */
export interface EnqueueAction extends BuiltInAction {
  collect(args: object, params: unknown): void;
}
/** An action as a state or a transition refers to it. */
export type ActionReference = ReferenceTo<ActionFunction | BuiltInAction>;
/** A guard as a transition refers to it. */
export type GuardReference = ReferenceTo<GuardFunction>;

/** The part of a transition that decides what is left and what is entered, and what it asks and does. */
export interface PlannedTransition {
  readonly source: AnyStateNode;
  readonly target?: readonly AnyStateNode[];
  readonly reenter: boolean;
  readonly guard?: GuardReference;
  readonly actions: readonly ActionReference[];
}

/** Where each history state leads back to, by its id. */
export type HistoryValue = Readonly<Record<string, readonly AnyStateNode[]>>;

/** A snapshot while its step is under way: of the shape that XState makes. */
export interface WorkingSnapshot {
  status: AnyMachineSnapshot['status'];
  output: unknown;
  error: unknown;
  readonly machine: AnyStateMachine;
  context: object;
  _nodes: readonly AnyStateNode[];
  value: StateValue;
  tags: ReadonlySet<string>;
  children: Readonly<Record<string, unknown>>;
  historyValue: HistoryValue;
}

// XState recognizes its actions by these functions, so a name that somebody else gives to an action changes nothing.
const resolverOf = (action: unknown) => (action as BuiltInAction).resolve;
const resolveAssign = resolverOf(assign({}));
const resolveSpawn = resolverOf(spawnChild('' as never));
const resolveStop = resolverOf(stopChild(''));
const resolveEnqueue = resolverOf(enqueueActions(() => {}));

/** Did XState make the action? */
export const isBuiltIn = (action: ActionFunction | BuiltInAction | undefined): action is BuiltInAction =>
  action !== undefined && 'resolve' in action;
export const isAssign = (action: BuiltInAction): action is AssignAction => action.resolve === resolveAssign;
export const isSpawn = (action: BuiltInAction): action is SpawnAction => action.resolve === resolveSpawn;
export const isStop = (action: BuiltInAction): action is StopAction => action.resolve === resolveStop;
export const isEnqueue = (action: BuiltInAction): action is EnqueueAction => action.resolve === resolveEnqueue;

/** The action that spawns what a state invokes, as XState makes it on entering the state. */
export const spawnOf = (invoked: AnyStateNode['invoke'][number]): ActionReference =>
  // A function with the members of a built-in action.
  spawnChild(
    invoked.src as never,
    { ...invoked, syncSnapshot: Boolean(invoked.onSnapshot) } as never,
  ) as ActionFunction;
/** The action that stops a child, by its id or by its reference. */
export const stopOf = (child: unknown): ActionReference => stopChild(child as string) as ActionFunction;

/** Is the machine made by the XState that is read here? Another copy of it may be another version. */
export const isOwnKind = (machine: AnyStateMachine): boolean =>
  Object.getPrototypeOf(machine) === StateMachine.prototype;

/** The active states of a snapshot, in the order in which XState has them. */
export const snapshotNodes = (snapshot: AnyMachineSnapshot): readonly AnyStateNode[] => snapshot._nodes;

/** A copy to work on. */
export const workingCopy = (snapshot: AnyMachineSnapshot): WorkingSnapshot => ({ ...snapshot }) as WorkingSnapshot;

const { matches, hasTag, can, getMeta, toJSON } = createMachine({}).resolveState({ value: {} });
/** A snapshot before the first step. XState lists its members in this order. */
export const blankSnapshot = (
  machine: AnyStateMachine,
  context: object,
  { nodes, value, tags }: Pick<WorkingSnapshot, 'value' | 'tags'> & { nodes: readonly AnyStateNode[] },
): WorkingSnapshot => {
  const members = {
    status: 'active',
    output: undefined,
    error: undefined,
    machine,
    context,
    _nodes: nodes,
    value,
    tags,
  };
  return { ...members, children: {}, historyValue: {}, matches, hasTag, can, getMeta, toJSON } as WorkingSnapshot;
};

/** The snapshot is in these states from now on. */
export function enterConfiguration(
  snapshot: WorkingSnapshot,
  { nodes, value, tags }: Pick<WorkingSnapshot, 'value' | 'tags'> & { nodes: readonly AnyStateNode[] },
): void {
  snapshot._nodes = nodes;
  snapshot.value = value;
  snapshot.tags = tags;
}

/** A new session id, unlike that of any other actor of the process. */
export const newSessionId = ({ system }: AnyActorScope): string =>
  (system as unknown as { _bookId(): string })._bookId();
