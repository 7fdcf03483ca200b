/** Checks what a machine's actors are made with: only machines, effects and promises can be made durable. */
import {
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
  type AnyActorLogic,
  type AnyStateMachine,
} from 'xstate';
import type { Declaration } from './validateNames.ts';

const nothing = { subscribe: () => ({ unsubscribe() {} }) };
const samples = {
  fromCallback: fromCallback(() => {}),
  fromEventObservable: fromEventObservable(() => nothing),
  fromObservable: fromObservable(() => nothing),
  fromTransition: fromTransition((state: null) => state, null),
};
const promise = fromPromise(() => Promise.resolve());

/** Two logics of one maker share the source of their transition function; XState has no other mark. */
const madeLike = (logic: AnyActorLogic, sample: { transition: unknown }) =>
  String(logic.transition) === String(sample.transition);

/** Is it a state machine? */
export const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof logic === 'object' && logic !== null && 'getStateNodeById' in logic;
const isLogic = (given: unknown): given is AnyActorLogic =>
  typeof given === 'object' && given !== null && 'transition' in given;
/** Was it made with `fromPromise`? */
export const isPromiseLogic = (logic: AnyActorLogic): boolean => madeLike(logic, promise);

/** One problem for each actor logic that cannot be made durable. What has `effect` is performed by that. */
export const unsupportedActors = (actors: readonly Declaration[]): string[] =>
  actors.flatMap(({ name, value }) => {
    const logic = isLogic(value) ? value : undefined;
    if (logic && ('effect' in logic || isMachine(logic) || isPromiseLogic(logic))) return [];
    const [maker = 'custom logic'] =
      Object.entries(samples).find(([, sample]) => logic && madeLike(logic, sample)) ?? [];
    return [`the actor "${name}" is made with ${maker}, which cannot be made durable; use effect(…) or a machine.`];
  });
