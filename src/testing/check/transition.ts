/** A move: one thing that can happen, and the world that it leads to. */
import { isDeepStrictEqual } from 'node:util';
import type { Envelope } from '../../contracts/envelope.ts';

import type { MachineEvent } from '../../core/chart.ts';
import { jsonObject } from '../jsonValues.ts';
import type { CheckFault } from './faults.ts';
import type { StepResult } from './worldStep.ts';
import type { ModelActor, ModelWorld } from './world.ts';

/** What makes a move happen: the run itself, a client or person, a client or person who has to interfere, or a fault. */
export type TransitionCause = 'inside' | 'outside' | 'steering' | CheckFault;

/** One thing that can happen. */
export interface ModelTransition {
  /** What makes it happen. */
  readonly cause: TransitionCause;
  /** The name of who acts, for people. */
  readonly from: string;
  /** The name of whom it concerns, for people. */
  readonly to: string;
  /** What happens, for people. */
  readonly says: string;
  /** The event that the root handles, for a story. */
  readonly event?: MachineEvent;
  /** What came when it changed nothing for its receiver. */
  readonly missed?: Missed;
  /** A person's question expires without an answer. */
  readonly expires?: true;
  /** What the move does to the world. */
  readonly turn: StepResult;
}

/** An event that came when it changed nothing. */
export interface Missed {
  /** Who got it. */
  readonly path: string;
  /** The type of the event. */
  readonly type: string;
}

/** What an actor missed in a step: the event, when the actor has the same state and context after it. */
export function missedBy(actor: ModelActor, type: string, { world }: StepResult): { missed?: Missed } {
  const after = world.actors.get(actor.spawnInfo.address);
  const isSame =
    after !== undefined &&
    isDeepStrictEqual(after.snapshot.value, actor.snapshot.value) &&
    isDeepStrictEqual(after.snapshot.context, actor.snapshot.context) &&
    isDeepStrictEqual(after.lists, actor.lists);
  return isSame ? { missed: { path: actor.path, type } } : {};
}

/** A move in which no actor takes a step. */
export const withoutStep = (world: ModelWorld): StepResult => ({ world, problems: [], answered: [], visited: [] });

/** The world after one more fault of this kind. */
export const afterFault = (world: ModelWorld, fault: CheckFault): ModelWorld => ({
  ...world,
  faultsLeft: { ...world.faultsLeft, [fault]: world.faultsLeft[fault] - 1 },
});

/** The event that a machine gets for a message. */
export function machineEventOf(
  { type, kind, body, id, from, correlation }: Envelope,
  { pendings }: ModelActor,
): MachineEvent {
  if (type.startsWith('xstate.')) {
    const { key, ...end } = jsonObject(body);
    const child = typeof key === 'string' ? pendings.get(key) : undefined;
    const actorId = child?.data.id;
    return { ...end, type, ...(actorId === undefined ? {} : { actorId }) };
  }
  if (kind === 'signal') return { ...jsonObject(body), type };
  return { type, body, meta: { id, from, kind, ...(correlation === undefined ? {} : { correlation }) } };
}
