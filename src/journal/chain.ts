/** The hash chain: every commit vouches for the one before it, and for the snapshot, the pendings and the list entries stored with it (J4). A result, which may be stored without a commit, has a sum of its own. */
import { createHash } from 'node:crypto';
import { TroupeError } from '../contracts/failure.ts';

export const sum = (...parts: string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url');
};

/** Enough of a sum to notice damage; the link, which holds it, is whole. */
export const short = (...parts: string[]): string => sum(...parts).slice(0, 22);

/** What a commit vouches for in the row of its actor. */
export const sumOfActor = (row: {
  run: string;
  type: string;
  parent: string | null;
  tags: string;
  created: number;
  meta: string;
  snapshot: string;
}): string => short(row.run, row.type, row.parent ?? '', row.tags, String(row.created), row.meta, row.snapshot);

export const sumOfPending = ({ kind, due, data }: { kind: string; due: number | null; data: string }): string =>
  short(kind, String(due), data);

export const sumOfResult = (key: string, input: string, outcome: string): string => short(key, input, outcome);

/** Says of which list it is, so that a chain tells how long each list must be. */
export const sumOfEntry = (list: string, hash: string): string => `${encodeURIComponent(list)}:${short(hash)}`;

/** A row of `commits`, as text. `opens` is [key, kind, due, sum] each; `sums` are of the snapshot and the list entries, in this order. */
export interface Link {
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

export const link = (before: string, { seq, at, epoch, state, status, event, opens, closes, sums }: Link): string =>
  sum(before, String(seq), String(at), String(epoch), state, status, event, opens, closes, sums);

/** The end of a chain: the hash of its last commit, and of the one before. */
export interface End {
  readonly before: string;
  readonly hash: string;
  readonly last: Link | undefined;
}

/** Walks a chain from its first commit, or on from the one with this `seq` and hash. Throws `corrupt` at the first link that does not hold. */
export function walk(
  actor: string,
  links: Iterable<Link & { readonly hash: string }>,
  from: { readonly seq: number; readonly hash: string } = { seq: 0, hash: '' },
): End {
  let end: End = { before: '', hash: from.hash, last: undefined };
  for (const entry of links) {
    const expected = (end.last?.seq ?? from.seq) + 1;
    if (entry.seq !== expected) throw damaged(actor, expected, 'a commit is missing');
    const hash = link(end.hash, entry);
    if (hash !== entry.hash) throw damaged(actor, entry.seq, 'the commit is not what was written');
    end = { before: end.hash, hash, last: entry };
  }
  return end;
}

export const damaged = (actor: string, seq: number, what: string) =>
  new TroupeError(
    'corrupt',
    `The journal is damaged at ${actor}, commit ${seq}: ${what}. This actor is not run; others are not concerned. Restore a backup, or see "troupe doctor".`,
    { data: { actor, seq, what } },
  );
