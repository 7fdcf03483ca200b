/** The hash chain of an actor: each commit's hash covers the commit before it, and the snapshot, the pending entries and the list entries that were stored with it (J4). A result can be stored without a commit, so it has a digest of its own. */
import { createHash } from 'node:crypto';
import { TroupeError } from '../values/failure.ts';

/** SHA-256 of texts, each ended by a zero byte; 43 characters, base64url. */
export const sha256Digest = (...parts: string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url');
};

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

/** The columns of a result in the ledger that its digest covers; `actor` is the number of the actor. */
export interface StoredResult {
  readonly key: string;
  readonly actor: number;
  readonly at: number;
  readonly name: string;
  readonly input: string;
  readonly outcome: string;
}

/** Begins a digest that covers every column. Earlier ones cover the key, the input and the outcome, and begin with no such mark. */
const wholeRow = '*';

/** The digest of an effect's result, stored beside it in the ledger. */
export const resultDigest = ({ key, actor, at, name, input, outcome }: StoredResult): string =>
  wholeRow + shortDigest(key, String(actor), String(at), name, input, outcome);

/** Is a result what was written with this digest? */
export const isResult = (result: StoredResult, digest: string): boolean =>
  digest.startsWith(wholeRow)
    ? resultDigest(result) === digest
    : shortDigest(result.key, result.input, result.outcome) === digest;

/** The digest of a list entry, after the list's name: so the chain also tells how long each list must be. */
export const listEntryDigest = (list: string, hash: string): string =>
  `${encodeURIComponent(list)}:${shortDigest(hash)}`;

/** The covered columns of a row of `commits`. `opens` is JSON of [key, kind, due, digest] each; `sums` holds the digests of the actor's row and of the list entries, in this order, separated by spaces. */
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

/** The hash of a commit, from the hash of the commit before it (empty for the first). */
export const commitHash = (
  before: string,
  { seq, at, epoch, state, status, event, opens, closes, sums }: ChainLink,
): string => sha256Digest(before, String(seq), String(at), String(epoch), state, status, event, opens, closes, sums);

/** The end of a chain. */
export interface ChainEnd {
  /** The hash of the last commit but one; empty when there is none. */
  readonly before: string;
  /** The hash of the last commit. */
  readonly hash: string;
  readonly last: ChainLink | undefined;
}

/** Checks a chain from its first commit, or onwards from the commit with this `seq` and hash. Throws `corrupt` at the first commit that is missing or changed. */
export function verifyChain(
  actor: string,
  links: Iterable<ChainLink & { readonly hash: string }>,
  from: { readonly seq: number; readonly hash: string } = { seq: 0, hash: '' },
): ChainEnd {
  let end: ChainEnd = { before: '', hash: from.hash, last: undefined };
  for (const entry of links) {
    const expected = (end.last?.seq ?? from.seq) + 1;
    if (entry.seq !== expected) throw corruptActor(actor, expected, 'a commit is missing');
    const hash = commitHash(end.hash, entry);
    if (hash !== entry.hash) throw corruptActor(actor, entry.seq, 'the commit is not what was written');
    end = { before: end.hash, hash, last: entry };
  }
  return end;
}

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
