/**
 * A run as a value: every actor, every message in flight, every ask without an answer. A step makes a new world and leaves the old one unchanged.
 *
 * CW1 The actions of a step are read by the engine's own code (`buildOutbox`), and messages are checked by the engine's own code (`fromEnvelope`).
 * CW2 A commit and the start of its children are one move. Everything else that the engine does between commits may come in any order.
 * CW3 Messages from one actor to another stay in order. Messages to an actor that has ended disappear.
 */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Failure } from '../../values/failure.ts';
import type { Address } from '../../values/ids.ts';
import type { Json } from '../../values/json.ts';
import type { OwnPending } from '../../contracts/pending.ts';
import type { ActorType } from '../../core/actorType.ts';
import type { SpawnInfo } from '../../core/spawn.ts';
import type { Snapshot } from '../../core/chart.ts';
import type { StepActor } from '../../core/commitBuilder.ts';

import type { CheckFaults } from './faults.ts';

/** One actor of the run. */
export interface ModelActor {
  /** Its place in the tree of actors: `run.member.0`. Unlike the address, it is the same for the next actor in that place. */
  readonly path: string;
  /** Its actor type. */
  readonly type: ActorType;
  /** What it was started with. */
  readonly spawnInfo: SpawnInfo;
  /** The snapshot of its machine. */
  readonly snapshot: Snapshot;
  /** How many steps it has taken. */
  readonly seq: number;
  /** Its effects, children and timers that have not ended, by key. */
  readonly pendings: ReadonlyMap<string, OwnPending>;
  /** Its append-only lists, by name. */
  readonly lists: Readonly<Record<string, readonly Json[]>>;
}

/** A client's ask without an answer. */
export interface OpenAsk {
  /** The id of its message. */
  readonly id: string;
  /** The type of its message. */
  readonly type: string;
}

/** How the root ended. */
export type RootEnd = { readonly output: Json } | { readonly failure: Failure };

/** A run at one moment. */
export interface ModelWorld {
  /** The address of the root. */
  readonly root: Address;
  /** Every actor that has not ended, by address. */
  readonly actors: ReadonlyMap<Address, ModelActor>;
  /** Messages in flight, oldest first. */
  readonly messages: readonly Envelope[];
  /** Asks of clients that were taken and not answered. */
  readonly asks: readonly OpenAsk[];
  /** How the root ended; absent while it is active. */
  readonly ended?: RootEnd;
  /** Faults that may still happen. */
  readonly faultsLeft: CheckFaults;
  /** Keys of effects whose outcome is lost. */
  readonly lostOutcomes: ReadonlySet<string>;
  /** Keys of effects of which it is unknown whether they happened. */
  readonly uncertain: ReadonlySet<string>;
  /** Types of messages from outside that were lost and will not be sent again. */
  readonly lostMessages: ReadonlySet<string>;
  /** Types of messages from outside that were taken when they changed nothing: their sender does not know, and will not send them again. */
  readonly taken: ReadonlySet<string>;
}

/** The id of the run that is explored. */
export const checkedRun = 'check';
/** The sender of messages from clients. */
export const clientAddress: Address = 'outside/client';
/** The sender of messages from people. */
export const personAddress: Address = 'outside/person';

/** What the engine must know of the actor that takes a step. */
export function senderOf({ type, spawnInfo, pendings }: ModelActor): StepActor {
  const named = (kinds: readonly OwnPending['kind'][]) =>
    new Map(
      [...pendings.values()].flatMap((pending) => {
        const { id } = pending.data;
        return kinds.includes(pending.kind) && id !== undefined ? [[id, pending.key] as const] : [];
      }),
    );
  return {
    address: spawnInfo.address,
    run: checkedRun,
    type,
    parent: spawnInfo.parent,
    deadline: spawnInfo.deadline,
    children: named(['child', 'effect']),
    timers: named(['timer']),
    pending: (key) => pendings.get(key),
  };
}

const childAddresses = ({ pendings }: ModelActor): Address[] =>
  [...pendings.values()].flatMap((pending) => (pending.kind === 'child' ? [pending.data.address] : []));

/** The addresses of an actor and of every actor below it. */
export function withDescendants(actors: ReadonlyMap<Address, ModelActor>, address: Address): Address[] {
  const actor = actors.get(address);
  return actor ? [address, ...childAddresses(actor).flatMap((child) => withDescendants(actors, child))] : [];
}

/** The messages that can be handled next: the oldest of every pair of sender and receiver (CW3). */
export function deliverable({ messages }: ModelWorld): Envelope[] {
  const pairs = new Set<string>();
  return messages.filter(({ from, to }) => {
    const pair = `${from} ${to}`;
    if (pairs.has(pair)) return false;
    pairs.add(pair);
    return true;
  });
}
