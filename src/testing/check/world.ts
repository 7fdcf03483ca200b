/**
 * A run as a value: every actor, every message in flight, every ask without an answer. A step makes another one and leaves it as it is.
 *
 * W1 What a step wishes for is read by the engine's own code (`outboxOf`), and what comes in is judged by its own door (`fromEnvelope`).
 * W2 A commit and the birth of its children are one; everything else that the engine does between commits may come in any order.
 * W3 Messages from one actor to another stay in order. What is for somebody who has ended is gone.
 */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Failure } from '../../contracts/failure.ts';
import type { Address } from '../../contracts/ids.ts';
import type { Json } from '../../contracts/json.ts';
import type { Pending } from '../../journal/journal.ts';
import type { ActorType } from '../../system/actorType.ts';
import type { Birth } from '../../system/birth.ts';
import type { Snapshot } from '../../system/chart.ts';
import type { Sender } from '../../system/draft.ts';
import type { ChildData } from '../../contracts/pending.ts';
import type { Faults } from './faults.ts';

export interface Actor {
  /** Where it is in the family: `run.member.0`. Unlike its address it does not tell how often somebody was there before. */
  readonly path: string;
  readonly type: ActorType;
  readonly birth: Birth;
  readonly snapshot: Snapshot;
  readonly seq: number;
  readonly pendings: ReadonlyMap<string, Pending>;
  readonly lists: Readonly<Record<string, readonly Json[]>>;
}

export interface OpenAsk {
  readonly id: string;
  readonly type: string;
}

export type Ending = { readonly output: Json } | { readonly failure: Failure };

export interface World {
  readonly root: Address;
  readonly actors: ReadonlyMap<Address, Actor>;
  readonly mail: readonly Envelope[];
  /** Asks of clients that were taken and not answered. */
  readonly asks: readonly OpenAsk[];
  /** How the root ended. */
  readonly ended?: Ending;
  /** Faults that may still happen. */
  readonly left: Faults;
  /** Effects whose answer is lost, and effects that nobody knows whether they happened; by key. */
  readonly mute: ReadonlySet<string>;
  readonly doubtful: ReadonlySet<string>;
  /** Messages from outside that were lost, and will not be sent again. */
  readonly lost: ReadonlySet<string>;
}

export const run = 'check';
/** Whoever speaks from outside. */
export const client: Address = 'outside/client';
export const person: Address = 'outside/person';

/** What the engine must know of who makes a step. */
export function senderOf({ type, birth, pendings }: Actor): Sender {
  const named = (kinds: readonly Pending['kind'][]) =>
    new Map(
      [...pendings.values()].flatMap(({ key, kind, data }) => {
        const { id } = data as { id?: string };
        return kinds.includes(kind) && id !== undefined ? [[id, key] as const] : [];
      }),
    );
  return {
    address: birth.address,
    run,
    type,
    parent: birth.parent,
    deadline: birth.deadline,
    children: named(['child', 'effect']),
    timers: named(['timer']),
    pending: (key) => pendings.get(key),
  };
}

export const childAddresses = ({ pendings }: Actor): Address[] =>
  [...pendings.values()].flatMap(({ kind, data }) =>
    kind === 'child' ? [(data as unknown as ChildData).address] : [],
  );

/** An actor and everybody below it. */
export function family(actors: ReadonlyMap<Address, Actor>, address: Address): Address[] {
  const actor = actors.get(address);
  return actor ? [address, ...childAddresses(actor).flatMap((child) => family(actors, child))] : [];
}

/** What can be taken next: of every pair the oldest (W3). */
export function deliverable({ mail }: World): Envelope[] {
  const pairs = new Set<string>();
  return mail.filter(({ from, to }) => {
    const pair = `${from} ${to}`;
    if (pairs.has(pair)) return false;
    pairs.add(pair);
    return true;
  });
}
