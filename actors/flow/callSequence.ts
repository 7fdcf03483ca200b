/** The order in which a body is told the ends of its calls: first as it is recorded, then as they are stored. */
import type { FlowCallRecord, FlowRecord } from '../../src/contracts/flow/record.ts';

/** What the sequence works with. */
export interface SequenceParts {
  /** The calls that are recorded, in order. */
  readonly recorded: readonly FlowCallRecord[];
  /** Stores records together. Rejects when this process cannot store any more. */
  store(records: readonly FlowRecord[]): Promise<void>;
  /** Does the body wait for this call? */
  isWaitedFor(id: string): boolean;
  /** Tells the body. */
  tell(record: FlowCallRecord): void;
  /** All that is recorded was told. */
  onLive(): void;
  /** Something was told or stored. */
  onChange(): void;
  /** Nothing can be stored any more. */
  onLost(): void;
}

/** The sequence of one body. */
export class CallSequence {
  readonly #parts: SequenceParts;
  #replayed = 0;
  #untold: Set<string> | undefined;
  #unwritten: FlowRecord[] = [];
  /** How many records there were to store so far, and how many of them are stored. */
  #added = 0;
  #done = 0;
  readonly #stored: FlowCallRecord[] = [];
  /** The body does what follows from what it was told last. */
  #isTurnOpen = false;
  #isWriting = false;
  #isOver = false;
  #isLoose = false;
  #writing: Promise<void> | undefined;
  /** Called when nothing is left to be told. */
  #onTold: (() => void) | undefined;

  constructor(parts: SequenceParts) {
    this.#parts = parts;
  }

  /** Is there something recorded that must be told before anything else? */
  get isReplaying(): boolean {
    return !this.#isLoose && this.#hasUntold;
  }

  /** Is there something recorded that was not told, because the body has not made that call? */
  get isBlocked(): boolean {
    const next = this.#parts.recorded[this.#replayed];
    return next !== undefined && !this.#parts.isWaitedFor(next.id);
  }

  /** Is this call recorded, and not told yet? */
  isRecorded(id: string): boolean {
    this.#untold ??= new Set(this.#parts.recorded.map((record) => record.id));
    return this.#untold.has(id);
  }

  /** From now on what is recorded is told when the body asks for it, and other things meanwhile: the body waits for them first. */
  loosen(): void {
    this.#isLoose = true;
  }

  get #hasUntold(): boolean {
    return this.#replayed < this.#parts.recorded.length;
  }

  /** Is nothing being stored or told? Facts that are stored with what comes next do not count. */
  get isQuiet(): boolean {
    return (
      !this.#isTurnOpen &&
      !this.#isWriting &&
      this.#stored.length === 0 &&
      this.#unwritten.every(({ record }) => record === 'log')
    );
  }

  /** Is everything stored? */
  get isStored(): boolean {
    return !this.#isWriting && this.#unwritten.length === 0;
  }

  /** Nothing more is stored or told. */
  end(): void {
    this.#isOver = true;
  }

  /** Keeps a record, to be stored with the next ones. */
  keep(record: FlowRecord): void {
    this.#unwritten.push(record);
    this.#added++;
  }

  /** Stores records; the calls among them are told afterwards. Resolves when they are stored. */
  async write(...records: readonly FlowRecord[]): Promise<void> {
    this.#unwritten.push(...records);
    const last = (this.#added += records.length);
    // Not for what others have added since: many that wait for each other's would wake up each other.
    while (this.#done < last && !this.#isOver) {
      this.#writing ??= this.#writeAll();
      await this.#writing;
    }
  }

  async #writeAll(): Promise<void> {
    // What ends in the same turn of the event loop is stored together, and what follows from all that is still to be told.
    await Promise.resolve();
    if (this.#isTurnOpen) await new Promise<void>((told) => (this.#onTold = told));
    const batch = this.#unwritten;
    this.#unwritten = [];
    this.#isWriting = true;
    try {
      await this.#parts.store(batch);
    } catch {
      this.#parts.onLost();
      return;
    } finally {
      this.#isWriting = false;
      this.#writing = undefined;
    }
    this.#done += batch.length;
    for (const record of batch) if (record.record === 'call') this.#stored.push(record);
    this.tellNext();
    this.#parts.onChange();
  }

  /** Tells what comes next, if the body waits for it and has done what follows from the last one. */
  tellNext(): void {
    if (this.#isTurnOpen || this.#isOver) return;
    const record = this.#next();
    if (!record) return;
    this.#parts.tell(record);
    this.#isTurnOpen = true;
    // All that the body does at this, it does in promises, before the event loop turns.
    setImmediate(() => {
      this.#isTurnOpen = false;
      this.tellNext();
      if (!this.#isTurnOpen) this.#onTold?.();
      this.#parts.onChange();
    });
  }

  #next(): FlowCallRecord | undefined {
    const record = this.#parts.recorded[this.#replayed];
    if (record && this.#parts.isWaitedFor(record.id)) {
      this.#replayed++;
      this.#untold?.delete(record.id);
      if (!this.#hasUntold) this.#parts.onLive();
      return record;
    }
    return this.isReplaying ? undefined : this.#stored.shift();
  }
}
