/**
 * The columns of the journal's tables, as the schema declares them, and the values that are stored as JSON text in them.
 * A damaged file may hold anything: what is read is compared with the hash chain before it is trusted (J4).
 */
import type { Outcome } from '../../contracts/effect.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { ActorStatus } from '../../contracts/inspection.ts';
import type { Json } from '../../values/json.ts';
import { corruptJournal } from '../chain.ts';
import type { Commit, Pending } from '../journal.ts';

// Type aliases, not interfaces: only an alias fits `SqlRow`, which has an index signature.

/** Table `actors`; `id` is what the other tables call `actor`. Times are milliseconds since the epoch. */
export type ActorColumns = {
  readonly id: number;
  readonly actor: string;
  readonly run: string;
  readonly type: string;
  readonly parent: string | null;
  readonly status: ActorStatus;
  readonly state: string;
  readonly tags: string;
  readonly created: number;
  readonly updated: number;
  readonly seq: number;
  readonly meta: string;
  readonly snapshot: string;
};

/** Table `commits`; `record` holds all that the commit says (record.ts). The row of the actor 0 is no commit: it keeps a position from being given again. */
export type CommitColumns = {
  readonly position: number;
  readonly actor: number;
  readonly seq: number;
  readonly hash: string;
  readonly record: Uint8Array;
};

/** Table `pending`: messages that are not settled, and what was begun under an earlier version. `due` is in milliseconds since the epoch. */
export type PendingColumns = {
  readonly key: string;
  readonly actor: number;
  readonly kind: Pending['kind'];
  readonly due: number | null;
  readonly data: string;
};

/** Table `inbox`: which commit handled a message. */
export type InboxColumns = {
  readonly id: string;
  readonly seq: number;
};

/** Table `replies`; `sum` is the digest of the reply, null in a row of an earlier version. */
export type ReplyColumns = {
  readonly ask: string;
  readonly envelope: string;
  readonly sum: string | null;
};

/** Table `results`: those that were stored without a commit (results.ts). `position` is that of the last commit before it, `input` null where it is; `n` is the order. */
export type ResultColumns = {
  readonly n: number;
  readonly actor: number;
  readonly key: string;
  readonly position: number;
  readonly at: number;
  readonly name: string;
  readonly input: string | null;
  readonly outcome: string;
  readonly sum: Uint8Array;
};

/** Table `ledger`: the same as earlier versions stored it, and results of commits of still earlier ones. `sum` is the digest of the result, `position` that of the last commit before it. */
export type LedgerColumns = {
  readonly key: string;
  readonly actor: number;
  readonly at: number;
  readonly name: string;
  readonly input: string;
  readonly outcome: string;
  readonly sum: string;
  readonly position: number | null;
};

/** Table `entries`: dead letters, and the lists of earlier versions. `n` counts from 0, `hash` is that of the list up to and with this entry. */
export type ListColumns = {
  readonly actor: number;
  readonly list: string;
  readonly n: number;
  readonly data: string;
  readonly hash: string;
};

/** Table `claims`; `until` is in milliseconds since the epoch, `sum` is the digest of the row, null in one of an earlier version. */
export type ClaimColumns = {
  readonly run: string;
  readonly epoch: number;
  readonly owner: string;
  readonly until: number;
  readonly sum: string | null;
};

/** Table `mail`; `sum` is the digest of the row, null in one of an earlier version. */
export type MailColumns = {
  readonly n: number;
  readonly run: string;
  readonly id: string;
  readonly envelope: string;
  readonly sum: string | null;
};

/** Values of a known type that are stored as JSON text, by their column. */
interface StoredValues {
  readonly event: Commit['event'];
  readonly outcome: Outcome;
  readonly envelope: Envelope;
}

/** The value of such a column, with its type. Only `commitWriter` and the inbox fill these columns, and only with values of that type. */
export const storedValue = <Column extends keyof StoredValues>(_column: Column, json: Json): StoredValues[Column] =>
  json as unknown as StoredValues[Column];

/** An element of what a commit of an earlier version opened. */
export type OpenedEntry = readonly [key: string, kind: Pending['kind'], due: number | null, digest: string];

/** What such a commit opened. Throws `corrupt` for what is not a list. */
export const parseOpens = (stored: string): readonly OpenedEntry[] => parseList(stored) as readonly OpenedEntry[];

/** What `actors.tags` holds, and what a commit of an earlier version closed: a list of strings. Throws `corrupt` for what is not a list. */
export const parseStrings = (stored: string): string[] => parseList(stored) as string[];

function parseList(stored: string): unknown[] {
  try {
    const list: unknown = JSON.parse(stored);
    if (Array.isArray(list)) return list;
  } catch {
    // Told below.
  }
  throw corruptJournal('a list of keys or tags is not what was written');
}
