/** The hash chain of an actor: each commit's hash covers the commit before it, and the snapshot, what was opened, the results and the list entries that were stored with it (J4). A result can be stored without a commit, so it has a digest of its own. */
import { hash } from 'node:crypto';
import { TroupeError } from '../values/failure.ts';

/** SHA-256 of texts, each ended by a zero byte; 43 characters, base64url. */
export const sha256Digest = (...parts: string[]): string => hash('sha256', [...parts, ''].join('\0'), 'base64url');

/** The first 22 characters of that: enough to notice damage. The hash of the commit, which covers it, is kept whole. */
export const shortDigest = (...parts: string[]): string => sha256Digest(...parts).slice(0, 22);

/** The digest of an actor's row, as its last commit stores it. */
export const actorDigest = (row: {
  readonly run: string;
  readonly type: string;
  readonly parent: string | null;
  readonly tags: string;
  readonly created: number;
  readonly meta: string;
  readonly snapshot: string;
}): string => shortDigest(row.run, row.type, row.parent ?? '', row.tags, String(row.created), row.meta, row.snapshot);

/** The digest of a pending entry, as the commit that opened it stores it. */
export const pendingDigest = ({ kind, due, data }: { kind: string; due: number | null; data: string }): string =>
  shortDigest(kind, String(due), data);

/** The columns of a result in the ledger that its digest covers; `actor` is the number of the actor, `position` null in a row of an earlier version. */
export interface StoredResult {
  readonly key: string;
  readonly actor: number;
  readonly at: number;
  readonly name: string;
  readonly input: string;
  readonly outcome: string;
  readonly position: number | null;
}

/** Begins a digest that covers every column. Earlier ones cover the key, the input and the outcome, and begin with no such mark. */
const wholeRow = '*';

/** The digest of an effect's result, stored beside it in the ledger. */
export const resultDigest = ({ key, actor, at, name, input, outcome, position }: StoredResult): string =>
  wholeRow +
  shortDigest(key, String(actor), String(at), name, input, outcome, ...(position === null ? [] : [String(position)]));

/** Is a result what was written with this digest? */
export const isResult = (result: StoredResult, digest: string): boolean =>
  digest.startsWith(wholeRow)
    ? resultDigest(result) === digest
    : shortDigest(result.key, result.input, result.outcome) === digest;

/** The digest of a list entry, after the list's name: so the chain also tells how long each list must be. */
export const listEntryDigest = (list: string, hash: string): string =>
  `${encodeURIComponent(list)}:${shortDigest(hash)}`;

/** What the hash of a commit covered in earlier versions of the file. `opens` is JSON of [key, kind, due, digest] each; `sums` holds the digests of the actor's row and of the list entries, in this order, separated by spaces. */
export interface ChainLink {
  readonly seq: number;
  readonly at: number;
  readonly epoch: number;
  readonly state: string;
  readonly status: string;
  readonly event: string;
  readonly opens: string;
  readonly closes: string;
  readonly sums: string;
}

/** The hash of a commit, from the hash of the commit before it (empty for the first), and from all that it says. */
export const recordHash = (before: string, seq: number, text: string): string =>
  sha256Digest(before, String(seq), text);

/** The hash of a commit of an earlier version. */
export const commitHash = (
  before: string,
  { seq, at, epoch, state, status, event, opens, closes, sums }: ChainLink,
): string => sha256Digest(before, String(seq), String(at), String(epoch), state, status, event, opens, closes, sums);

/** The error for a journal that is damaged where no actor can be named: kind `corrupt`, with `data` { what }. */
export const corruptJournal = (what: string) =>
  new TroupeError(
    'corrupt',
    `The journal is damaged: ${what}. Keep a copy, then run "troupe doctor" to see what it concerns, or restore a backup.`,
    { data: { what } },
  );

/** The error for an actor whose stored data was changed: kind `corrupt`, with `data` { actor, seq, what }. */
export const corruptActor = (actor: string, seq: number, what: string) =>
  new TroupeError(
    'corrupt',
    `The journal is damaged at ${actor}, commit ${seq}: ${what}. This actor is not run; others are not concerned. Restore a backup, or see "troupe doctor".`,
    { data: { actor, seq, what } },
  );
