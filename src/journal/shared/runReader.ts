/**
 * Reads a run from the store: its segments, then what the log of its owner has after the last one. The last segment is looked up again afterwards: when a
 * new one came meanwhile, the log may have been trimmed before it was read, and the reader reads on. A run that nobody has is in its segments as a whole, and
 * one whose owner's log had been read to its end before is in them and in what was read of the log.
 * A run that was deleted and begun again under its key does not continue what was read before, so only what is damaged when it is read anew is.
 */
import type { Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import { damaged, type LoggedWrite } from './entry.ts';
import { RunReplica } from './runReplica.ts';
import { decodeSegment, segmentHead, type SegmentHead } from './segment.ts';
import type { FencedLogs, StoredMessage } from './store.ts';
import type { Tails } from './tails.ts';

/** A run as it is stored. */
export interface StoredRun {
  readonly replica: RunReplica;
  readonly head: SegmentHead;
  /** The sequence of its last segment. */
  readonly sequence: number;
  /** Was the log of its owner ended when it was read? Then `unmoved` is all that will ever be there. */
  readonly isFenced: boolean;
  /** Writes that no segment has yet, as JSON texts, and where the log was when they were read. */
  readonly unmoved: readonly string[];
}

/** The most bytes of runs that are kept to be read on. */
const maxKeptBytes = 32_000_000;

/** The runs that this process reads and does not own. */
export class RunReader {
  readonly #runs: FencedLogs;
  readonly #tails: Tails;
  /** By run; the last one read is the last one here. */
  readonly #kept = new Map<string, Reading>();
  readonly #reading = new Map<string, Promise<StoredRun | undefined>>();

  readonly #clock: Pick<Clock, 'turn'>;

  constructor(runs: FencedLogs, tails: Tails, clock: Pick<Clock, 'turn'>) {
    this.#runs = runs;
    this.#tails = tails;
    this.#clock = clock;
  }

  /** A run as it is by now; undefined when there is none. Rejects with `corrupt` or `incompatible` when it cannot be read. */
  read(run: string): Promise<StoredRun | undefined> {
    return this.#inTurn(run, (reading) => this.#kept.set(run, reading));
  }

  /** Was the run read lately? */
  knows(run: string): boolean {
    return this.#kept.has(run);
  }

  /**
   * A run of a dead process as it was read last, without asking whether it is still so: a claim that follows it is refused when it is not. The replica is the
   * caller's. Undefined when it was not read lately, or the log of its owner was not ended then.
   */
  takeKnown(run: string): StoredRun | undefined {
    const reading = this.#reading.has(run) ? undefined : this.#kept.get(run);
    if (!reading?.isFenced) return undefined;
    this.#kept.delete(run);
    return storedRun(reading);
  }

  /** As `read`, and the replica is the caller's: this reader forgets it. */
  take(run: string): Promise<StoredRun | undefined> {
    return this.#inTurn(run, () => {});
  }

  async #inTurn(run: string, keep: (reading: Reading) => void): Promise<StoredRun | undefined> {
    // Two readings of one run would change one replica at a time; a reading that began earlier may miss what was stored since.
    while (this.#reading.has(run)) await this.#reading.get(run)?.catch(() => {});
    const reading = this.#read(run, keep).finally(() => this.#reading.delete(run));
    this.#reading.set(run, reading);
    return reading;
  }

  /** A run as its segments up to a sequence have it. */
  async readSegments(run: string, sequence: number): Promise<RunReplica> {
    const reading = new Reading(run);
    await reading.readSegments(this.#runs, { sequence }, this.#clock);
    if (reading.sequence === sequence) return reading.replica;
    throw new TroupeError('environment', `The run ${run} is gone from the shared journal.`, { data: { gone: true } });
  }

  async #read(run: string, keep: (reading: Reading) => void): Promise<StoredRun | undefined> {
    let reading = this.#kept.get(run) ?? new Reading(run);
    this.#kept.delete(run);
    for (let told: string | undefined; ; reading = new Reading(run)) {
      try {
        return await this.#readOn(run, reading, keep);
      } catch (thrown) {
        const { kind, message } = toFailure(thrown);
        if (kind !== 'corrupt' || message === told) throw thrown;
        told = message;
      }
    }
  }

  async #readOn(run: string, reading: Reading, keep: (reading: Reading) => void): Promise<StoredRun | undefined> {
    let ended = this.#tails.endedCount;
    for (let last = await this.#runs.last(run); last;) {
      await reading.readSegments(this.#runs, last, this.#clock);
      if (reading.isAstray) {
        reading = new Reading(run);
        continue;
      }
      if (reading.sequence === 0) {
        // It was deleted, and perhaps begun again, before the first segment was read.
        ended = this.#tails.endedCount;
        last = await this.#runs.last(run);
        continue;
      }
      const { head } = reading;
      // It may have been deleted while it was read.
      const isWhole = reading.sequence === last.sequence;
      if (head.owner === undefined && isWhole) return this.#found(reading, keep, false);
      const tail = head.owner === undefined ? undefined : await this.#tails.read(head.owner);
      // The tail may be read on for another run meanwhile.
      const part = tail && { sequence: tail.sequence, writes: tail.after(run, reading.tail) };
      const isFenced = tail?.fencedBy !== undefined;
      const isKnown = isWhole && tail !== undefined && tail.endedAs <= ended;
      ended = this.#tails.endedCount;
      const again = isKnown ? last : await this.#runs.last(run);
      if (again?.sequence === last.sequence) {
        // Not before it is certain that nothing was trimmed: what comes after a gap must not be applied.
        if (part) reading.readTail(part);
        return this.#found(reading, keep, isFenced);
      }
      last = again;
    }
    return undefined;
  }

  #found(reading: Reading, keep: (reading: Reading) => void, isFenced: boolean): StoredRun {
    reading.isFenced = isFenced;
    keep(reading);
    this.#forget();
    return storedRun(reading);
  }

  #forget(): void {
    let bytes = 0;
    for (const { replica } of this.#kept.values()) bytes += replica.size;
    for (const [run, { replica }] of this.#kept) {
      if (bytes <= maxKeptBytes || this.#kept.size === 1) return;
      this.#kept.delete(run);
      bytes -= replica.size;
    }
  }
}

const storedRun = ({ replica, head, sequence, isFenced, unmoved }: Reading): StoredRun => ({
  replica,
  head,
  sequence,
  isFenced,
  unmoved,
});

/** How far one run has been read. */
class Reading {
  readonly replica: RunReplica;
  #sequence = 0;
  #head: SegmentHead | undefined;
  #tail = 0;
  unmoved: string[] = [];
  /** The log of its owner was ended when it was read. */
  isFenced = false;
  /** It has made a write that its owner did not move when it gave the run back, and that is no part of the run: it must be read anew. */
  isAstray = false;

  constructor(run: string) {
    this.replica = new RunReplica(run);
  }

  get head(): SegmentHead {
    if (this.#head) return this.#head;
    throw damaged(`the run ${this.replica.run}`, 'it has messages of another program only');
  }

  get sequence(): number {
    return this.#sequence;
  }

  async readSegments(
    runs: FencedLogs,
    last: StoredMessage | Pick<StoredMessage, 'sequence'>,
    clock: Pick<Clock, 'turn'>,
  ): Promise<void> {
    if (last.sequence === this.#sequence) return;
    const { run } = this.replica;
    for await (const message of runs.read(run, this.#sequence, 'body' in last ? last : undefined)) {
      if (message.sequence > last.sequence) return;
      const head = segmentHead(message);
      this.#sequence = message.sequence;
      if (!head) continue; // A message of another program.
      const writes = await decodeSegment(run, message, this.#head?.chain ?? '');
      if (!this.#head) this.replica.begin(message.sequence);
      // What was read from the owner's log before comes first in the segment that moves it.
      const texts = this.unmoved.splice(0, writes.length);
      this.isAstray = this.unmoved.length > 0 && head.owner !== this.#head?.owner;
      if (this.isAstray) return;
      for (const write of writes.slice(texts.length)) {
        void this.replica.apply(write, message.body.length / writes.length);
        // A run with a long history must not keep the process from its timers.
        const turn = clock.turn?.();
        if (turn) await turn;
      }
      this.replica.own(head);
      this.#head = head;
      this.#tail = Math.max(head.owner === undefined ? 0 : head.upTo, this.unmoved.length > 0 ? this.#tail : 0);
    }
  }

  /** Up to which message the owner's log was read for this run. */
  get tail(): number {
    return this.#tail;
  }

  readTail({ sequence, writes }: { readonly sequence: number; readonly writes: readonly LoggedWrite[] }): void {
    for (const write of writes) {
      const text = JSON.stringify(write);
      this.unmoved.push(text);
      void this.replica.apply(write, text.length);
    }
    this.#tail = Math.max(this.#tail, sequence);
  }
}
