/** Takes the actions of a step: those of XState change the working snapshot, and all that is to be done is added to the list. */
import type { ExecutableActionObject } from 'xstate';
import { adopt, assignContext, spawnFrom, stopIn } from './changes.ts';
import { enqueuedBy } from './enqueue.ts';
import { parametersOf } from './guards.ts';
import { argumentsNow, type ActionArguments, type RunningStep } from './step.ts';
import {
  isAssign,
  isBuiltIn,
  isEnqueue,
  isSpawn,
  isStop,
  type ActionExtra,
  type ActionFunction,
  type ActionReference,
  type BuiltInAction,
} from './xstate.ts';

/** `invokes`: the ids of what is invoked by the state that is entered. */
export function takeActions(step: RunningStep, actions: readonly ActionReference[], invokes?: readonly string[]): void {
  if (actions.length === 0) return;
  const extra: ActionExtra = { internalQueue: step.raised, deferredActorIds: invokes };
  const retries: Retry[] = [];
  for (const action of actions) takeAction(step, action, extra, retries);
  if (!invokes) return;
  for (const { action, params } of retries) action.retryResolve?.(step.scope, step.snapshot, params);
}

/** A message to a child that may not have been there yet. */
interface Retry {
  readonly action: BuiltInAction;
  readonly params: unknown;
}

function takeAction(step: RunningStep, reference: ActionReference, extra: ActionExtra, retries: Retry[]): void {
  const action = implementationOf(reference, step);
  const args = argumentsNow(step);
  const params = typeof reference === 'object' ? parametersOf(reference, args) : undefined;
  if (!isBuiltIn(action)) {
    add(step, { type: typeOf(reference), info: args, params, exec: action });
    return;
  }
  if (isAssign(action)) {
    assignContext(step, action, args, params);
    return;
  }
  const [given, more] = resolve(step, action, args, params, extra);
  if (action.retryResolve) retries.push({ action, params: given });
  if (action.execute)
    add(step, { type: action.type, info: args, params: given, exec: action.execute.bind(null, step.scope, given) });
  if (more) for (const each of more) takeAction(step, each, extra, retries);
}

/** Gives the parameters of the action, and the actions that it enqueued. */
function resolve(
  step: RunningStep,
  action: BuiltInAction,
  args: ActionArguments,
  params: unknown,
  extra: ActionExtra,
): readonly [given: unknown, more?: readonly ActionReference[] | undefined] {
  if (isSpawn(action)) return [spawnFrom(step, action, args)];
  if (isStop(action)) return [stopIn(step, action, args, params)];
  if (isEnqueue(action)) return [undefined, enqueuedBy(step, action, args, params)];
  const [after, given, more] = action.resolve(step.scope, step.snapshot, args, params, action, extra);
  if (after !== step.snapshot) adopt(step, after);
  return [given, more];
}

type Implementation = ActionFunction | BuiltInAction | undefined;

const implementationOf = (reference: ActionReference, { snapshot: { machine } }: RunningStep): Implementation =>
  // A name may be declared with anything that can be an action.
  typeof reference === 'function'
    ? reference
    : (machine.implementations.actions[typeof reference === 'string' ? reference : reference.type] as Implementation);

/** The name of an action of the author. */
const typeOf = (reference: ActionReference): string =>
  typeof reference === 'string'
    ? reference
    : typeof reference === 'function'
      ? reference.name || '(anonymous)'
      : reference.type;

const add = ({ actions }: RunningStep, action: Record<keyof ExecutableActionObject, unknown>): void =>
  // The same members as those of XState, which types them by a machine that is known.
  void actions.push(action as ExecutableActionObject);
