/** A run that this process owns: its replica, and the writes that no segment has yet. While it is quiet its replica is dropped, and read again when it is needed. */
import { fencedError } from '../refusals.ts';
import { appendSegment } from './appendSegment.ts';
import type { LoggedWrite } from './entry.ts';
import type { RunReplica } from './runReplica.ts';
import { encodeSegment, type EncodedSegment, type RunSummary, type SegmentHead } from './segment.ts';
import type { FencedLogs } from './store.ts';
import type { QueuedWrite } from './unsureWrites.ts';

/** The run as it was claimed. */
export interface ClaimedRun {
  readonly run: string;
  /** Undefined: it was claimed without being read. */
  readonly replica: RunReplica | undefined;
  readonly summary: RunSummary;
  readonly epoch: number;
  /** The sequence and the chain of its last segment. */
  readonly sequence: number;
  readonly chain: string;
}

/** What a held run works with. */
export interface HeldRunOptions {
  readonly runs: FencedLogs;
  /** The incarnation that owns it. */
  readonly owner: string;
  /** The sequence of the last entry in the owner's log. */
  upTo(): number;
  /** Reads the run from its segments up to a sequence. */
  read(run: string, sequence: number): Promise<RunReplica>;
}

interface Attempt extends Pick<SegmentHead, 'owner' | 'epoch'>, EncodedSegment {
  /** How many writes it moves. */
  readonly moved: number;
}

/** One run. */
export class HeldRun {
  readonly run: string;
  readonly #options: HeldRunOptions;
  #epoch: number;
  #sequence: number;
  #chain: string;
  #replica: RunReplica | undefined;
  #loading: Promise<RunReplica> | undefined;
  #summary: RunSummary;
  #unmoved: string[] = [];
  /** Segments are written one after the other, and not while they are read. */
  #writing: Promise<unknown> = Promise.resolve();
  /** A segment whose outcome is not known. */
  #attempt: Attempt | undefined;
  /** How many writes are asked for and not made yet: the replica must stay. */
  #pending = 0;
  /** It is being given back or claimed anew: no write may come between. */
  #isClosed = false;
  /** Its last segment names no owner. */
  #isReleased = false;
  /** It could not go on here. */
  #hasFailed = false;

  constructor(options: HeldRunOptions, { run, replica, summary, epoch, sequence, chain }: ClaimedRun) {
    this.#options = options;
    this.run = run;
    this.#epoch = epoch;
    this.#sequence = sequence;
    this.#chain = chain;
    this.#replica = replica;
    this.#summary = summary;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Does it take no writes at the moment? */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes no writes any more, because it is being given back or claimed anew. */
  close(): void {
    this.#isClosed = true;
  }

  /** It cannot go on here: whoever has it next is to read it before that. */
  fail(): void {
    this.#hasFailed = true;
  }

  /** It was claimed anew. */
  reopen(): void {
    this.#isClosed = false;
    this.#hasFailed = false;
  }

  get hasUnmoved(): boolean {
    return this.#unmoved.length > 0;
  }

  /** Bytes of memory that its replica takes; 0 while it is not loaded. */
  get size(): number {
    return this.#replica?.size ?? 0;
  }

  /** Is its replica in memory? */
  get isLoaded(): boolean {
    return this.#replica !== undefined;
  }

  /** May its replica be dropped? */
  get isQuiet(): boolean {
    return this.#pending === 0 && this.#unmoved.length === 0;
  }

  get summary(): RunSummary {
    return this.#replica?.summary ?? this.#summary;
  }

  /** Has its root ended? Reads it only where that is not known. */
  async hasEnded(): Promise<boolean> {
    if (!this.#replica && this.isQuiet) return (this.#summary.root?.status ?? 'active') !== 'active';
    return (await this.replica()).hasEnded;
  }

  /** Its content. */
  async replica(): Promise<RunReplica> {
    if (this.#replica) return this.#replica;
    this.#loading ??= this.#inTurn(() => this.#options.read(this.run, this.#sequence))
      .then((replica) => this.#loaded(replica))
      .finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  #loaded(replica: RunReplica): RunReplica {
    // What is in no segment yet. `apply` has made these texts of writes.
    for (const text of this.#unmoved) void replica.apply(JSON.parse(text) as LoggedWrite, text.length);
    this.#replica = replica;
    return replica;
  }

  /** Drops the replica. Only while it is quiet. */
  drop(): void {
    this.#summary = this.summary;
    this.#replica = undefined;
  }

  /** Keeps the replica loaded while a write is asked for. */
  async whileLoaded<T>(write: () => Promise<T>): Promise<T> {
    this.#pending++;
    try {
      if (!this.#replica) await this.replica();
      return await write();
    } finally {
      this.#pending--;
    }
  }

  /** Makes a write that the log has. */
  apply({ method, args, text }: QueuedWrite): Promise<unknown> {
    this.#unmoved.push(text);
    // A write keeps the replica loaded for its caller. One whose caller gave up is made when the run is read again.
    if (!this.#replica) return Promise.resolve();
    // The caller gave values that are JSON, of which `text` was made.
    return this.#replica.apply([method, args] as unknown as LoggedWrite, text.length);
  }

  /**
   * Moves all its writes into a segment, with an owner from then on: by default the same, under the same epoch, unless it was given back meanwhile.
   * Rejects with `fenced` when another process has claimed the run.
   */
  write(next?: Pick<SegmentHead, 'owner' | 'epoch'>): Promise<void> {
    return this.#inTurn(async () => {
      // An attempt whose outcome is unknown comes first: it is there once, or another process has the run.
      if (this.#attempt) await this.#append(this.#attempt);
      if (next || !this.#isReleased) await this.#write(next ?? { owner: this.#options.owner, epoch: this.#epoch });
    });
  }

  /** Without `rest` where it is not known any more, and where whoever has the run next is to read it before it claims it. */
  get #summaryForNext(): RunSummary {
    // Writes that came without the replica are not in the summary.
    const isWhole = this.#replica !== undefined || this.#unmoved.length === 0;
    if (isWhole && !this.#hasFailed) return this.summary;
    const { rest: _rest, ...summary } = this.summary;
    return summary;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => {});
    return done;
  }

  async #write(next: Pick<SegmentHead, 'owner' | 'epoch'>): Promise<void> {
    const moved = this.#unmoved.length;
    const encoded = encodeSegment({
      ...next,
      former: next.owner === undefined ? this.#options.owner : undefined,
      upTo: this.#options.upTo(),
      before: this.#chain,
      summary: this.#summaryForNext,
      texts: [...this.#unmoved],
    });
    this.#attempt = { ...next, moved, ...(await encoded) };
    await this.#append(this.#attempt);
  }

  async #append({ owner, epoch, moved, ...segment }: Attempt): Promise<void> {
    const sequence = await appendSegment(this.#options.runs, this.run, this.#sequence, segment);
    if (sequence === undefined) throw fencedError(this.run, this.#epoch, undefined);
    this.#attempt = undefined;
    this.#sequence = sequence;
    this.#chain = segment.chain;
    this.#epoch = epoch;
    this.#isReleased = owner === undefined;
    this.#unmoved.splice(0, moved);
    this.#replica?.own({ owner, epoch });
  }
}
