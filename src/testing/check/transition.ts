/** A move: one thing that can happen, and the world that it leads to. */
import type { Envelope } from '../../contracts/envelope.ts';

import type { MachineEvent } from '../../core/chart.ts';
import { jsonObject } from '../jsonValues.ts';
import type { Fault } from './faults.ts';
import { fieldsOf } from '../pendingData.ts';
import type { Turn } from './worldStep.ts';
import type { Actor, World } from './world.ts';

/** What makes a move happen: the run itself, a client or person, a client or person who has to interfere, or a fault. */
export type Cause = 'inside' | 'outside' | 'steering' | Fault;

/** One thing that can happen. */
export interface Move {
  /** What makes it happen. */
  readonly cause: Cause;
  /** The name of who acts, for people. */
  readonly from: string;
  /** The name of whom it concerns, for people. */
  readonly to: string;
  /** What happens, for people. */
  readonly says: string;
  /** The event that the root handles, for a story. */
  readonly event?: MachineEvent;
  /** A person's question expires without an answer. */
  readonly expires?: true;
  /** What the move does to the world. */
  readonly turn: Turn;
}

/** A move in which no actor takes a step. */
export const still = (world: World): Turn => ({ world, problems: [], answered: [], passed: [] });

/** The world after one more fault of this kind. */
export const spent = (world: World, fault: Fault): World => ({
  ...world,
  left: { ...world.left, [fault]: world.left[fault] - 1 },
});

/** The event that a machine gets for a message. */
export function eventOf({ type, kind, body, id, from, correlation }: Envelope, { pendings }: Actor): MachineEvent {
  if (type.startsWith('xstate.')) {
    const { key, ...end } = jsonObject(body);
    const child = typeof key === 'string' ? pendings.get(key) : undefined;
    const actorId = child && fieldsOf(child).id;
    return { ...end, type, ...(actorId === undefined ? {} : { actorId }) };
  }
  if (kind === 'signal') return { ...jsonObject(body), type };
  return { type, body, meta: { id, from, kind, ...(correlation === undefined ? {} : { correlation }) } };
}
