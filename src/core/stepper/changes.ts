/** The actions of XState that change the snapshot: `assign`, `spawnChild` and `stopChild`. */
import { ChildReference, knowsLogic, type ChildOptions } from './children.ts';
import { ownChildren, type ActionArguments, type RunningStep } from './step.ts';
import type { AssignAction, Assigner, SpawnAction, StopAction, WorkingSnapshot } from './xstate.ts';

/** `assign`, which may spawn as well. */
export function assignContext(
  step: RunningStep,
  { assignment }: Pick<AssignAction, 'assignment'>,
  args: ActionArguments,
  params?: unknown,
): void {
  const { snapshot } = step;
  if (!snapshot.context)
    throw new Error('Cannot assign to undefined `context`. Ensure that `context` is defined in the machine config.');
  const spawned: ChildReference[] = [];
  const assignArgs = { ...args, spawn: spawner(step, args, spawned) };
  let update: object;
  if (typeof assignment === 'function') update = assignment(assignArgs, params);
  else {
    const values: Record<string, unknown> = {};
    for (const key of Object.keys(assignment)) {
      const value = assignment[key];
      values[key] = typeof value === 'function' ? (value as Assigner)(assignArgs, params) : value;
    }
    update = values;
  }
  snapshot.context = { ...snapshot.context, ...update };
  for (const child of spawned) ownChildren(step)[child.id] = child;
  step.changes += 1;
}

type SpawnOptions = Partial<Omit<ChildOptions, 'src'>>;

/** What `assign` and the first context may spawn with. XState lets only logic by name have an input that is calculated. */
export function spawner(step: RunningStep, { context, event, self }: ActionArguments, spawned: ChildReference[]) {
  return (src: unknown, { id, input, systemId, syncSnapshot }: SpawnOptions = {}): ChildReference => {
    const { machine } = step.snapshot;
    if (!knowsLogic(machine, src))
      throw new Error(`Actor logic '${String(src)}' not implemented in machine '${machine.id}'`);
    const given = typeof src === 'string' ? calculated(input, { context, event, self }) : input;
    const child = new ChildReference(step.scope, { id, src, input: given, systemId, syncSnapshot });
    spawned.push(child);
    return child;
  };
}

/** `spawnChild`, and what a state invokes. Gives the parameters of the action. */
export function spawnFrom(
  step: RunningStep,
  { id, src, systemId, syncSnapshot, input }: SpawnAction,
  args: ActionArguments,
): unknown {
  const { snapshot } = step;
  const { context, event, self } = args;
  // XState takes the id as it is for the key, even when there is none.
  const key = calculated(id, args) as string;
  let child: ChildReference | undefined;
  let given: unknown;
  if (knowsLogic(snapshot.machine, src)) {
    given = calculated(input, { context, event, self });
    child = new ChildReference(step.scope, { id: key, src, input: given, systemId, syncSnapshot });
  }
  ownChildren(step)[key] = child;
  step.changes += 1;
  return { id, systemId, actorRef: child, src, input: given };
}

/** `stopChild`. Gives the parameters of the action: the child, if there is one. */
export function stopIn(step: RunningStep, { actorRef }: StopAction, args: ActionArguments, params: unknown): unknown {
  const { snapshot } = step;
  const named = calculated(actorRef, args, params);
  const child = (typeof named === 'string' ? snapshot.children[named] : named) as { readonly id: string } | undefined;
  if (child) delete ownChildren(step)[child.id];
  step.changes += 1;
  return child;
}

/** Takes over what an action changed that is not one of these. */
export function adopt(step: RunningStep, { context, children }: WorkingSnapshot): void {
  step.snapshot.context = context;
  step.snapshot.children = children;
  step.changes += 1;
}

const calculated = (value: unknown, args: object, params?: unknown): unknown =>
  typeof value === 'function' ? (value as (args: object, params: unknown) => unknown)(args, params) : value;
