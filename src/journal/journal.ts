/**
 * What has happened, kept. The engine writes one commit per handled message and reads it back after a restart.
 *
 * J1 A commit is stored whole or not at all.
 * J2 When `commit` resolves, the commit survives kill -9 and, for `sqlite`, power loss.
 * J3 One writer: a commit with an epoch older than the run's claim rejects with `fenced`; one that is not revision + 1 with `conflict`;
 *    one whose `inbox` id was handled before with `conflict` and `data.duplicate: true`. Nothing of it is stored.
 * J4 Every actor's commits form a hash chain; `load` checks what it has not checked in this process before, and rejects with `corrupt`, naming actor and seq.
 * J5 The cost of a commit does not depend on how many came before (E6).
 * J6 Commits are stored in the order they were submitted, and many may travel in one flush.
 * J7 What is too large (JSON of more than 256 × 1,024 characters) is stored once, by content, and read back as if it had been inline.
 */
import type { ActorRow, Commit, StoredActor } from '../contracts/commit.ts';
import type { DeadLetter } from '../contracts/deadLetter.ts';
import type { Envelope } from '../contracts/envelope.ts';
import type { Outcome } from '../contracts/effect.ts';
import type { TroupeError } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';
import type { Pending, SettledPending } from '../contracts/pending.ts';

export type { ActorRow, Commit, StoredActor } from '../contracts/commit.ts';
export type { Pending } from '../contracts/pending.ts';

/** Which actors are looked for; every field that is given must hold. */
export interface ActorQuery {
  readonly run?: string;
  readonly actor?: Address;
  readonly type?: string;
  /** null: actors without one, which is one for each run. */
  readonly parent?: Address | null;
  readonly status?: ActorStatus | readonly ActorStatus[];
  readonly tag?: string;
  /** Prefix of `state`. */
  readonly state?: string;
  /** `updated` within [since, until). */
  readonly since?: number;
  readonly until?: number;
  /** Newest first; 100 unless told. */
  readonly limit?: number;
}

/** A line of an actor's history. */
export interface HistoryEntry {
  /** Where it stands among all commits, in the order they were stored: it only rises, and says nothing else. */
  readonly position: number;
  readonly actor: Address;
  readonly seq: number;
  readonly at: number;
  readonly epoch: number;
  readonly state: string;
  readonly status: ActorStatus;
  readonly event: Commit['event'];
  /** What is settled by now comes without its data. */
  readonly opens: readonly (Pending | SettledPending)[];
  readonly closes: readonly string[];
}

export interface LedgerEntry {
  readonly key: string;
  readonly actor: Address;
  readonly at: number;
  readonly name: string;
  readonly input: Json;
  readonly outcome: Outcome;
}

/** What the engine writes and reads back. */
export interface Ledger {
  commit(commit: Commit): Promise<void>;
  /** Keeps a result although its actor cannot take it now (it is being restarted). Durable when it resolves. */
  record(run: string, epoch: number, actor: Address, at: number, result: Commit['results'][number]): Promise<void>;
  /**
   * Keeps a message that nobody takes in the list `dead` of its recipient, or of the run's root where the run has no such actor.
   * With the same write it is pending no more, and no mail. Durable when it resolves.
   */
  bury(run: string, epoch: number, letter: DeadLetter): Promise<void>;
  load(actor: Address): Promise<StoredActor | undefined>;
  /** Entries [from, to) of a list, oldest first. */
  list(actor: Address, list: string, from?: number, to?: number): Promise<Json[]>;
  /** Was this message handled, and what was answered to it (the message that named it as correlation)? */
  handled(actor: Address, id: string): Promise<{ seq: number; body: Json; reply: Envelope | undefined } | undefined>;
  /** Messages that actors of a run committed and that are not settled, oldest first; of those who have ended, too. */
  undelivered(run: string): Promise<Envelope[]>;
  /** Closes keys without the wait for the disk: if this is lost, they are only delivered again. */
  settle(keys: readonly string[]): void;
}

/** Who has a run, or had it last. */
export interface Claim {
  readonly run: string;
  readonly owner: string;
  readonly epoch: number;
  /** Milliseconds since the epoch; 0 when it was given back. */
  readonly until: number;
}

/** Who may write. */
export interface Claims {
  /**
   * Makes `owner` the only writer of a run and returns its epoch, higher than all before. Rejects with `owned_elsewhere`
   * (data: owner, until) while another owner's claim is alive: not past `until`, and `alive(owner)` does not deny it.
   */
  claim(
    run: string,
    owner: string,
    options: { now: number; ttl: number; alive?: (owner: string) => boolean },
  ): Promise<number>;
  /** Extends a claim; false when it was lost. */
  renew(run: string, epoch: number, until: number): Promise<boolean>;
  release(run: string, epoch: number): Promise<void>;
  /** The claims of all runs that have begun and not ended; of one run, of one owner, or those that no longer hold at a moment (`until` it or before). */
  claims(query?: { run?: string; owner?: string; overAt?: number }): Promise<Claim[]>;
}

/** Messages for actors from processes that do not own them. */
export interface Mail {
  /**
   * Durable when it resolves. The owner finds it with `mail`. The same message twice is one. Rejects with `conflict` when its
   * recipient has ended (data: status), or another message was left under its id.
   */
  post(envelope: Envelope): Promise<void>;
  /** Posted messages of a run that no commit has handled, oldest first. Removed when a commit's inbox id is theirs, or by `dropMail`. */
  mail(run: string): Promise<Envelope[]>;
  dropMail(run: string, id: string): Promise<void>;
}

/** What people ask. */
export interface Archive {
  find(query: ActorQuery): Promise<ActorRow[]>;
  /**
   * In the order they were stored, or `newest` first; 1,000 unless told. `after` a position pages on.
   * A pending that is settled is listed with `data: null`.
   */
  history(query: {
    run?: string;
    actor?: Address;
    after?: number;
    newest?: boolean;
    limit?: number;
  }): Promise<HistoryEntry[]>;
  ledger(run: string): Promise<LedgerEntry[]>;
  /** Forgets runs that ended before `before`, with blobs nobody refers to. Returns how many. */
  prune(before: number): Promise<number>;
  /** Checks every chain; what is damaged is listed, never repaired in silence. */
  verify(): Promise<{ actors: number; commits: number; damage: { actor: Address; seq: number; what: string }[] }>;
}

/** Something a person should know of a journal. */
export interface Remark {
  /** In a word. */
  readonly what: string;
  /** `note`: it works, and could be better. */
  readonly ok: boolean | 'note';
  readonly says: string;
}

export interface Journal extends Ledger, Claims, Mail, Archive, AsyncDisposable {
  /** Of a journal that is kept elsewhere: where, how large, how far it was heard, and what is promised there. */
  about?(): Promise<readonly Remark[]>;
  /** Why it can never be written again by this process; undefined while it can, or while that may pass. */
  lost?(): TroupeError | undefined;
}
