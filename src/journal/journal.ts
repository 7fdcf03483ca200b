/**
 * The journal: everything that has happened to actors, stored. The engine writes one commit per handled message and reads it back after a restart.
 *
 * J1 A commit is stored completely or not at all; so are commits that belong together (`commitAll`).
 * J2 When `commit` resolves, the commit survives kill -9 of the process and, in `sqlite`, a power failure.
 * J3 A run has one writer. A commit with an epoch older than the run's claim is rejected as `fenced`, one that is not the next revision as
 *    `conflict`, and one whose `inbox` id was handled before as `conflict` with `data.duplicate: true`. A rejected commit stores nothing.
 * J4 The commits of an actor form a hash chain. `load` checks the part that this process has not checked before, and rejects with `corrupt`, naming
 *    actor and seq.
 * J5 The cost of a commit does not depend on the number of commits before it (E6).
 * J6 Commits are stored in the order in which they were submitted. Several may share one flush.
 * J7 A value whose JSON is longer than 256 × 1,024 characters is stored once, under its hash, and read back unchanged. So is a long list of results that is part of several values.
 */
import type { ActorRow, Commit, StoredActor } from '../contracts/commit.ts';
import type { DeadLetter } from '../contracts/deadLetter.ts';
import type { Envelope } from '../contracts/envelope.ts';
import type { Outcome } from '../contracts/effect.ts';
import type { TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../values/json.ts';
import type { Pending, SettledPending } from '../contracts/pending.ts';

export type { ActorRow, Commit, StoredActor } from '../contracts/commit.ts';
export type { Pending } from '../contracts/pending.ts';

/** Which actors are looked for; every field that is given must hold. */
export interface ActorQuery {
  /** Only actors of the run with this id. */
  readonly run?: string;
  /** Only the actor with this address. */
  readonly actor?: Address;
  /** Only actors whose address begins with this type. */
  readonly type?: string;
  /** `null`: actors without a parent, which is one for each run. */
  readonly parent?: Address | null;
  /** Only actors with this status, or with one of these. */
  readonly status?: ActorStatus | readonly ActorStatus[];
  /** Only actors whose machine is in a state with this tag. */
  readonly tag?: string;
  /** Only actors whose `state` begins with this text. */
  readonly state?: string;
  /** Only roots of runs of the definition with exactly this name. */
  readonly definition?: string;
  /** Only actors whose last commit was at this time or later, in milliseconds since the epoch. */
  readonly since?: number;
  /** Only actors whose last commit was before this time, in milliseconds since the epoch. */
  readonly until?: number;
  /** The most actors to return. Default: 100. */
  readonly limit?: number;
}

/** A commit, as the history shows it. */
export interface HistoryEntry {
  /** The order in which it was stored among all commits: positions only rise, and may have gaps. */
  readonly position: number;
  /** The address of the actor that it changed. */
  readonly actor: Address;
  /** Its number among the commits of this actor; the first is 1. */
  readonly seq: number;
  /** When it was made, in milliseconds since the epoch. */
  readonly at: number;
  /** The epoch of the lease under which it was written. */
  readonly epoch: number;
  /** The state after it, in words, such as `execution.thinking`. */
  readonly state: string;
  /** Whether the actor was active after it, and if not, how it ended. */
  readonly status: ActorStatus;
  /** The message that caused it. */
  readonly event: Commit['event'];
  /** What is settled by now comes without its data. */
  readonly opens: readonly (Pending | SettledPending)[];
  /** The keys of pendings that it settled. */
  readonly closes: readonly string[];
}

/** The result of an effect. */
export interface LedgerEntry {
  /** The idempotency key of the effect: `actor/seq/index`. */
  readonly key: string;
  /** The address of the actor whose machine asked for the effect. */
  readonly actor: Address;
  /** When the outcome was stored, in milliseconds since the epoch. */
  readonly at: number;
  /** The name of the slot in `setup({ actors })` that the effect fills. */
  readonly name: string;
  /** What the effect was given. */
  readonly input: Json;
  /** How the effect ended. */
  readonly outcome: Outcome;
  /** The position of the commit that it came with or, where it was stored alone, of a commit before it: what is stored later stands at the same position or a higher one. */
  readonly position: number;
}

/** What the engine writes and reads back. The methods reject as J1 to J4 say, and with `storage` when the store cannot be written or read. */
export interface CommitStore {
  /** Says that a write ends in a later turn of the event loop than it began. Without it the engine gives timers and sockets their turn before each write. */
  readonly givesTurns?: true;
  /** Stores one handled message: the actor's new state and all its effects. */
  commit(commit: Commit): Promise<void>;
  /**
   * Stores what one event caused in several actors of one run: all of it or nothing, in this order. Rejects as `commit` does, for the first that is
   * refused. A journal may leave it out: then each of them is a commit of its own.
   */
  commitAll?(commits: readonly Commit[]): Promise<void>;
  /** Stores an effect's result in the ledger without a commit, because its actor cannot handle it now (it is being restarted). Durable when it resolves. */
  record(run: string, epoch: number, actor: Address, at: number, result: Commit['results'][number]): Promise<void>;
  /**
   * Appends a message that no actor takes to the list `dead` of its recipient, or of the run's root where the run has no such actor.
   * The same write removes it from what is pending and from the inbox. Durable when it resolves.
   */
  bury(run: string, epoch: number, letter: DeadLetter): Promise<void>;
  /** An actor as its last commit left it; undefined when there is none. */
  load(actor: Address): Promise<StoredActor | undefined>;
  /** Entries [from, to) of a list, oldest first. Default: all. */
  list(actor: Address, list: string, from?: number, to?: number): Promise<Json[]>;
  /** The commit that handled this message, the message's body, and the reply to it (the message with its id as correlation); undefined when it was not handled. */
  handled(actor: Address, id: string): Promise<{ seq: number; body: Json; reply: Envelope | undefined } | undefined>;
  /** Messages that actors of a run committed and that are not settled, oldest first. Actors that have ended are included. */
  undelivered(run: string): Promise<Envelope[]>;
  /** Removes pending messages of a run without waiting for the disk: if the removal is lost, they are only delivered again. */
  settle(run: string, keys: readonly string[]): void;
}

/** The owner of a run, or its last owner. */
export interface RunLease {
  /** The id of the run that it may write. */
  readonly run: string;
  /** The id of the process that claimed the run. */
  readonly owner: string;
  /** The number of the claim: it rises each time a run gets another owner, and older ones may not write. */
  readonly epoch: number;
  /** When the lease ends, in milliseconds since the epoch; 0 when it was released. */
  readonly until: number;
  /** What is known of a run that waits, so that a process can have it without reading it. Only of a lease that has ended; a journal may leave it out. */
  readonly rest?: RunAtRest;
}

/** A run that waits: nothing of it is under way, and only a message or a timer moves it on. */
export interface RunAtRest {
  /** The address of its root actor. */
  readonly root: Address;
  /** When its earliest timer is due, in milliseconds since the epoch; absent without one. */
  readonly due?: number;
  /** The facts about the run with which it was started: `about` in the `meta` of its root. */
  readonly about: Json;
}

/** What a lease is given back for, where that matters to the journal: see `RunLeases.release`. */
export type ReleaseReason = 'ended' | 'failed';

/** Leases: which process may write a run. */
export interface RunLeases {
  /**
   * Makes `owner` the only writer of a run for `ttl` milliseconds from `now`, and returns its epoch, which is higher than all before. Rejects with
   * `owned_elsewhere` (data: owner, until) while another owner has the run: its lease has not ended, and `alive(owner)` does not return false.
   */
  claim(
    run: string,
    owner: string,
    options: {
      /** The time of the claim, in milliseconds since the epoch. */
      now: number;
      /** How long the lease lasts, in milliseconds. */
      ttl: number;
      /** Whether the other owner's process still lives; if not, its lease need not be waited for. Default: it does. */
      alive?: (owner: string) => boolean;
      /**
       * The id was made for this claim, so that no other process claims the run: a journal may store the lease with the first commit of the run, in one write.
       * Should another process claim it all the same before that commit, the commit is rejected as `fenced`. Default: false.
       */
      isNew?: boolean;
      /**
       * The epoch of the lease with which `claims` has listed the run as one at rest: it is claimed as it was listed, without being read. Rejects with `conflict` when
       * it is not so any more. Default: it is read, and claimed as it is.
       */
      asListed?: number;
    },
  ): Promise<number>;
  /** Extends a lease; false when another process has claimed the run meanwhile. */
  renew(run: string, epoch: number, until: number): Promise<boolean>;
  /**
   * Is it certain by now that no other process has claimed a run of this one, so that it need not be asked with `renew`? A journal whose leases last as long
   * as they were asked for leaves it out.
   */
  isCurrent?(run: string): boolean;
  /**
   * Extends all leases of an owner with one write, whatever their number: none of them ends before `until`, in milliseconds since the epoch. Returns how many
   * there are: claimed by this owner, and neither released nor claimed by another one since. What was claimed and released before the call is counted.
   * A journal may leave it out: then each lease is renewed by itself.
   */
  renewAll?(owner: string, until: number): Promise<number>;
  /**
   * Ends a lease, so that another process can claim the run at once. `why`: `ended` when the run has ended, and nobody waits for its lease: a journal may write
   * that a moment later, with something else. `failed` when the run could not go on here: the next process is to read it before it claims it. Default: neither.
   */
  release(run: string, epoch: number, why?: ReleaseReason): Promise<void>;
  /** The leases of all runs that have begun and not ended; or only those of one run, of one owner, or that have ended at the time `overAt`. */
  claims(query?: {
    /** Only the lease of the run with this id. */
    run?: string;
    /** Only the leases of this process. */
    owner?: string;
    /** Only leases that have ended at this time, in milliseconds since the epoch. */
    expiredAt?: number;
  }): Promise<RunLease[]>;
}

/** Inboxes: messages for actors from processes that do not own them. */
export interface Inboxes {
  /**
   * Puts a message into the inbox of its run, where the owner finds it with `mail`. Durable when it resolves. The same message posted twice is stored once.
   * Rejects with `conflict` when its recipient has ended (data: status), or another message was posted under its id.
   */
  post(envelope: Envelope): Promise<void>;
  /** Posted messages of a run that no commit has handled, oldest first. A message is removed by the commit that handles it, or by `dropMail`. */
  mail(run: string): Promise<Envelope[]>;
  /** The runs that have messages waiting, in any order. A journal may leave out those that no owner in this process holds. */
  mailed(): Promise<readonly string[]>;
  /** Removes a message from the inbox of a run. */
  dropMail(run: string, id: string): Promise<void>;
}

/** Queries for people and tools. */
export interface JournalQueries {
  /** The actors that match all that is given, the last updated first. */
  find(query: ActorQuery): Promise<ActorRow[]>;
  /**
   * Commits in the order they were stored. To page on, pass the last position as `after`.
   * A pending entry that is settled is listed with `data: null`.
   */
  history(query: {
    /** Only commits of the run with this id. */
    run?: string;
    /** Only commits of the actor with this address. */
    actor?: Address;
    /** Only commits after this position; all by default. */
    after?: number;
    /** True: the last ones first. False by default. */
    newest?: boolean;
    /** The most entries to return; 1,000 by default. */
    limit?: number;
  }): Promise<HistoryEntry[]>;
  /** The results of all effects of a run, in the order they were stored; it begins with what an earlier call gave. */
  ledger(run: string): Promise<LedgerEntry[]>;
  /** Deletes the runs that ended before `before` (milliseconds since the epoch), and the blobs that nothing refers to. Returns how many runs. */
  prune(before: number): Promise<number>;
  /** Checks every chain and lists what is damaged. It repairs nothing. */
  verify(): Promise<{ actors: number; commits: number; damage: Damage[] }>;
}

/** Something that is not what was written. */
export interface Damage {
  /** The address of the actor that it concerns, or what else; may be empty. */
  readonly actor: Address;
  /** The number of the commit, 0 where it is none. */
  readonly seq: number;
  /** What is wrong, in words. */
  readonly what: string;
  /** The run that cannot go on because of it, where it is one. */
  readonly run?: string;
}

/** One line of the report on a journal. */
export interface StatusLine {
  /** The subject, in a word. */
  readonly what: string;
  /** `note`: it works, and something should be improved. */
  readonly ok: boolean | 'note';
  /** What is to be said about it, in a sentence for people. */
  readonly says: string;
}

/** Messages of other programs in the log of a shared journal: what is no entry is skipped. */
export interface SkippedEntries {
  /** How many there were. */
  readonly count: number;
  /** The last ones, newest first. */
  readonly latest: readonly SkippedEntry[];
}

/** A message in the log that is no entry. */
export interface SkippedEntry {
  /** Where it stands in the log. */
  readonly position: number;
  /** Why it is no entry, in words. */
  readonly reason: string;
}

/** A journal. Closing it writes what is waiting and releases the store. */
export interface Journal extends CommitStore, RunLeases, Inboxes, JournalQueries, AsyncDisposable {
  /** For a journal on a server: where it is, how large, how far this process has read it, and how durable it is. */
  status?(): Promise<readonly StatusLine[]>;
  /** Why this process can never write it again; undefined while it can, or while the trouble may pass. */
  lost?(): TroupeError | undefined;
  /** What a shared journal has skipped in its log. */
  skipped?(): SkippedEntries;
  /**
   * Takes a run that `verify` has named out of the journal, so that its key is free. `keep` is called with everything that is stored of it before it is
   * deleted; when it throws, nothing is. Rejects with `owned_elsewhere` while a process that lives has the run.
   */
  setAside?(
    run: string,
    options: {
      /** The time, in milliseconds since the epoch. */
      readonly now: number;
      /** Whether the owner's process still lives; it does by default. */
      readonly alive?: (owner: string) => boolean;
      /** Keeps a copy of all that is stored of the run. */
      readonly keep: (copy: readonly Json[]) => void;
    },
  ): Promise<void>;
  /** As `prune`, for at most so many runs: for a process that works on others meanwhile. A shared journal, which people prune, leaves it out. Returns how many runs. */
  pruneSome?(before: number, most: number): Promise<number>;
  /** Why this process cannot write it or read on in it now, in words for people; undefined while it can, as far as is known. */
  trouble?(options?: {
    /** Also writes something that changes nothing where nothing was written for ten seconds, because a full disk shows in no other way. False by default. */
    readonly tryWrite?: boolean;
  }): string | undefined;
}
