/** Tells what an actor is made with: only machines, effects and promises can be made durable. */
import {
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
  type AnyActorLogic,
  type AnyStateMachine,
} from 'xstate';

const samples = {
  fromCallback: fromCallback(() => {}),
  fromEventObservable: fromEventObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never),
  fromObservable: fromObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never),
  fromTransition: fromTransition((state: null) => state, null),
};
const promise = fromPromise(() => Promise.resolve());

/** Two logics of one maker share the source of their transition function; XState gives no other mark. */
const madeLike = (logic: AnyActorLogic, sample: { transition: unknown }) =>
  String(logic.transition) === String(sample.transition);

export const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof (logic as AnyStateMachine).getStateNodeById === 'function';
export const isPromise = (logic: AnyActorLogic): boolean => madeLike(logic, promise);

/** Actor logic that has no place in a durable actor. */
export function logicsOf(machine: AnyStateMachine): string[] {
  return Object.entries(machine.implementations.actors).flatMap(([name, logic]) => {
    if (isMachine(logic) || isPromise(logic as AnyActorLogic)) return [];
    const [maker = 'custom logic'] =
      Object.entries(samples).find(([, sample]) => madeLike(logic as AnyActorLogic, sample)) ?? [];
    return [`the actor "${name}" is made with ${maker}, which cannot be made durable; use effect(…) or a machine.`];
  });
}
