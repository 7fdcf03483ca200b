/** What an actor is born with; kept in its row for ever. */
import type { Address } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import type { ActorRow } from '../contracts/commit.ts';
import type { ChildData, PendingTimer } from '../contracts/pending.ts';

export type Birth = {
  readonly address: Address;
  readonly run: string;
  readonly parent: Address | undefined;
  /** The parent's pending this actor lives by. */
  readonly key?: string;
  /** Its id among its parent's children. */
  readonly id?: string;
  readonly input: Json;
  readonly deadline?: number;
  /** How often it started over; each life has lists of its own. */
  readonly life?: number;
  /** When its present life began, if that is not its first; milliseconds since the epoch. */
  readonly began?: number;
  /** Facts about a run for people and commands: its name, the file it came from. */
  readonly about?: Json;
};

/** A run that must end by a moment has a timer for it, which its root is born with. */
export const lastMoment = ({ parent, deadline }: Birth, key: string): PendingTimer[] =>
  parent === undefined && deadline !== undefined
    ? [{ key, kind: 'timer', due: deadline, data: { event: { type: deadlineEvent } } }]
    : [];
export const deadlineEvent = 'troupe.deadline';

/** As `commitOf` stored it. */
export const birthOf = ({ meta }: Pick<ActorRow, 'meta'>): Birth => meta as Birth;

/** A child is born as its parent wished, and may live no longer than its parent (E9). */
export const childBirth = (
  parent: { address: Address; run: string; deadline: number | undefined },
  key: string,
  data: ChildData,
): Birth => ({
  address: data.address,
  run: parent.run,
  parent: parent.address,
  key,
  id: data.id,
  input: data.input,
  ...(parent.deadline === undefined ? {} : { deadline: parent.deadline }),
});
