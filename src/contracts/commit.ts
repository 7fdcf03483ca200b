/** What the journal keeps of an actor: its row, the commits that change it, and what is read back after a restart. */
import type { Outcome } from './effect.ts';
import type { Address } from '../values/ids.ts';
import type { ActorStatus } from './inspection.ts';
import type { Json } from '../values/json.ts';
import type { Pending } from './pending.ts';

/** An actor as of its last commit: what a query shows and a restart needs. */
export interface ActorRow {
  readonly run: string;
  readonly actor: Address;
  readonly type: string;
  readonly parent: Address | undefined;
  readonly status: ActorStatus;
  /** The state in words, e.g. `execution.thinking`; for queries and people. */
  readonly state: string;
  readonly tags: readonly string[];
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly updated: number;
  readonly seq: number;
  /** Facts fixed when the actor is spawned: input, definition, the file a run came from. */
  readonly meta: Json;
  readonly snapshot: Json;
}

/** One change of one actor, stored whole or not at all. */
export interface Commit extends ActorRow {
  /** The epoch of the lease under which it is written, from `claim`. */
  readonly epoch: number;
  /** What moved the actor. `inbox` is set for messages that must be deduplicated by the journal. */
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly from?: Address;
    readonly body: Json;
    readonly inbox?: boolean;
  };
  readonly opens: readonly Pending[];
  /** Keys of pendings that are settled by this commit. Unknown keys are ignored. */
  readonly closes: readonly string[];
  /** What effects answered, for the ledger. */
  readonly results: readonly {
    readonly key: string;
    readonly name: string;
    readonly input: Json;
    readonly outcome: Outcome;
  }[];
  /** Entries for the actor's append-only lists. */
  readonly appends: readonly { readonly list: string; readonly entry: Json }[];
}

/** An actor as it is loaded from the journal. */
export interface StoredActor extends ActorRow {
  readonly pending: readonly Pending[];
  /** Pending effects whose result is already in the ledger (a crash came between the two). */
  readonly results: ReadonlyMap<string, Outcome>;
  /** Length of each list. */
  readonly lists: Readonly<Record<string, number>>;
}
