/** `enqueueActions`. XState makes its `enqueue` anew for each action, with a function for each kind of action; here all actions share one. */
import { assign, cancel, emit, raise, sendParent, sendTo, spawnChild, stopChild } from 'xstate';
import { passes } from './guards.ts';
import type { ActionArguments, RunningStep } from './step.ts';
import type { ActionReference, EnqueueAction, GuardReference } from './xstate.ts';

/** What the action that is being taken has enqueued; undefined between actions: what is enqueued too late is nowhere to be taken. */
let enqueued: ActionReference[] | undefined;

const add = (action: ActionReference): void => void enqueued?.push(action);

/** `enqueue.assign` and its kin: adds what XState makes of the same arguments. */
const adding =
  (make: unknown) =>
  (...given: readonly unknown[]): void =>
    // The types of XState are those of one machine; what it makes is a function with the members of a built-in action.
    add((make as (...given: readonly unknown[]) => ActionReference)(...given));

const enqueue = Object.assign(add, {
  assign: adding(assign),
  cancel: adding(cancel),
  raise: adding(raise),
  sendTo: adding(sendTo),
  sendParent: adding(sendParent),
  spawnChild: adding(spawnChild),
  stopChild: adding(stopChild),
  emit: adding(emit),
});

/** The actions that it enqueues, in order. */
export function enqueuedBy(
  { snapshot, event }: RunningStep,
  { collect }: EnqueueAction,
  args: ActionArguments,
  params: unknown,
): readonly ActionReference[] {
  const actions: ActionReference[] = [];
  const around = enqueued;
  enqueued = actions;
  try {
    collect({ ...args, enqueue, check: (guard: GuardReference) => passes(guard, snapshot, event) }, params);
  } finally {
    enqueued = around;
  }
  return actions;
}
