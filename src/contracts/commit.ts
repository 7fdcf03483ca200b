/** What the journal keeps of an actor: its row, the commits that change it, and what is read back after a restart. */
import type { Outcome } from './effect.ts';
import type { Address } from '../values/ids.ts';
import type { ActorStatus } from './inspection.ts';
import type { Json } from '../values/json.ts';
import type { Pending } from './pending.ts';

/** An actor as of its last commit: what a query shows and a restart needs. */
export interface ActorRow {
  /** The id of the run that the actor belongs to. */
  readonly run: string;
  /** The address of the actor. */
  readonly actor: Address;
  /** The name of its actor type, which is the first part of its address. */
  readonly type: string;
  /** The address of the actor that spawned it; undefined for the root of a run. */
  readonly parent: Address | undefined;
  /** Whether it is active, and if not, how it ended. */
  readonly status: ActorStatus;
  /** The state in words, e.g. `execution.thinking`; for queries and people. */
  readonly state: string;
  /** The tags of the states that its machine is in. */
  readonly tags: readonly string[];
  /** When the actor was spawned, in milliseconds since the epoch. */
  readonly created: number;
  /** When the last commit was made, in milliseconds since the epoch. */
  readonly updated: number;
  /** The number of its last commit; the first is 1. */
  readonly seq: number;
  /** Facts fixed when the actor is spawned: input, definition, the file a run came from. */
  readonly meta: Json;
  /** The state of its machine as XState saves it, with the hash of the machine that wrote it. */
  readonly snapshot: Json;
}

/** One change of one actor, stored whole or not at all. */
export interface Commit extends ActorRow {
  /** The epoch of the lease under which it is written, from `claim`. */
  readonly epoch: number;
  /** The event that caused the commit. */
  readonly event: {
    /** The id of the message: an actor handles each id once. */
    readonly id: string;
    /** The type of the event that the machine took. */
    readonly type: string;
    /** The address of the sender; absent for an effect, a timer, and events of the engine. */
    readonly from?: Address;
    /** What the message said. */
    readonly body: Json;
    /** True for a message of an actor or a person: the journal rejects the commit when the actor has handled that id before. */
    readonly inbox?: boolean;
  };
  /** The effects, children, timers and messages that begin with this commit. */
  readonly opens: readonly Pending[];
  /** Keys of pendings that are settled by this commit. Unknown keys are ignored. */
  readonly closes: readonly string[];
  /** What effects answered, for the ledger. */
  readonly results: readonly {
    /** The key of the effect, under which the ledger keeps its outcome. */
    readonly key: string;
    /** The name of the slot in `setup({ actors })` that the effect fills. */
    readonly name: string;
    /** What the effect was given. */
    readonly input: Json;
    /** How the effect ended. */
    readonly outcome: Outcome;
  }[];
  /** Entries for the actor's append-only lists. */
  readonly appends: readonly {
    /** The name of the list. */
    readonly list: string;
    /** What is added at its end. */
    readonly entry: Json;
  }[];
}

/** An actor as it is loaded from the journal. */
export interface StoredActor extends ActorRow {
  /** What its commits began and no later commit has settled. */
  readonly pending: readonly Pending[];
  /** Pending effects whose result is already in the ledger (a crash came between the two). */
  readonly results: ReadonlyMap<string, Outcome>;
  /** Length of each list. */
  readonly lists: Readonly<Record<string, number>>;
}
