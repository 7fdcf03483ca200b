/** What an actor is spawned with: stored in its row, and changed only by a restart from the beginning. */
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { ActorRow } from '../contracts/commit.ts';
import type { ChildData, PendingTimer } from '../contracts/pending.ts';

/** What an actor is spawned with. */
export type SpawnInfo = {
  /** Its address, `type/key`. */
  readonly address: Address;
  /** The id of its run. */
  readonly run: string;
  /** The address of its parent; undefined for the root of a run. */
  readonly parent: Address | undefined;
  /** The key of the parent's pending that stands for this actor. */
  readonly key?: string;
  /** Its id among its parent's children. */
  readonly id?: string;
  /** The input of its machine. */
  readonly input: Json;
  /** Milliseconds since the epoch; default none. What it starts inherits it (E9). */
  readonly deadline?: number;
  /** How often it was restarted from the beginning; each time its lists begin anew. Default 0. */
  readonly life?: number;
  /** When it was last restarted from the beginning, in milliseconds since the epoch; default when it was created. */
  readonly began?: number;
  /** Only of a root: the number of the commit with which each retry of its failed run began. */
  readonly retries?: readonly number[];
  /** Facts about a run for people and commands: its name, the file it came from. */
  readonly about?: Json;
};

/** A run with a deadline has a timer for it, which its root actor is spawned with. */
export const deadlineTimer = ({ parent, deadline }: SpawnInfo, key: string): PendingTimer[] =>
  parent === undefined && deadline !== undefined
    ? [{ key, kind: 'timer', due: deadline, data: { event: { type: deadlineEvent } } }]
    : [];
/** The event a root actor gets when the deadline of its run has passed. */
export const deadlineEvent = 'troupe.deadline';

/** Reads the `meta` that `toCommit` stored. */
export const spawnInfoOf = ({ meta }: Pick<ActorRow, 'meta'>): SpawnInfo => meta as SpawnInfo;

/** What a child is spawned with: what its parent asked for, and the parent's deadline (E9). */
export const childSpawnInfo = (
  parent: { address: Address; run: string; deadline: number | undefined },
  key: string,
  data: ChildData,
): SpawnInfo => ({
  address: data.address,
  run: parent.run,
  parent: parent.address,
  key,
  id: data.id,
  input: data.input,
  ...(parent.deadline === undefined ? {} : { deadline: parent.deadline }),
});
