/** One thing that can happen, and the world it leads to. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { MachineEvent } from '../../system/chart.ts';
import type { Fault } from './faults.ts';
import type { Turn } from './turn.ts';
import type { Actor, World } from './world.ts';

/** Who makes it happen: the run by itself, somebody outside, somebody outside who has to interfere, or bad luck. */
export type Cause = 'inside' | 'outside' | 'steering' | Fault;

export interface Move {
  readonly cause: Cause;
  readonly from: string;
  readonly to: string;
  readonly says: string;
  /** What the root takes, for a story. */
  readonly event?: MachineEvent;
  /** A person's question that nobody answered in time. */
  readonly expires?: true;
  readonly turn: Turn;
}

/** Nobody makes a step. */
export const still = (world: World): Turn => ({ world, problems: [], answered: [], passed: [] });

export const spent = (world: World, fault: Fault): World => ({
  ...world,
  left: { ...world.left, [fault]: world.left[fault] - 1 },
});

/** A message as the machine that takes it reads it. */
export function eventOf({ type, kind, body, id, from, correlation }: Envelope, { pendings }: Actor): MachineEvent {
  const inner = (typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}) as JsonObject;
  if (type.startsWith('xstate.')) {
    const child = pendings.get(inner['key'] as string)?.data as { id?: string } | undefined;
    const { key: _, ...end } = inner;
    return { ...end, type, ...(child?.id === undefined ? {} : { actorId: child.id }) };
  }
  if (kind === 'signal') return { ...inner, type };
  return { type, body, meta: { id, from, kind, ...(correlation === undefined ? {} : { correlation }) } };
}
