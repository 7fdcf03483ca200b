/** The order in which a body is told the ends of its calls, and that it is to stop: first as it is recorded, then as they are stored. */
import type { FlowRecord, ToldRecord } from '../../src/contracts/flow/record.ts';
import { afterPromises, afterTurn } from './eventLoopTurn.ts';

/** What the sequence works with. */
export interface SequenceParts {
  /** What is recorded of that, in order. */
  readonly recorded: readonly ToldRecord[];
  /** Stores records together. Rejects when this process cannot store any more. */
  store(records: readonly FlowRecord[]): Promise<void>;
  /** Does the body wait for this call? */
  isWaitedFor(id: string): boolean;
  /** Tells the body. */
  tell(record: ToldRecord): void;
  /** All that is recorded was told. */
  onLive(): void;
  /** That the body is to stop waits until it has made the calls that it had made before. */
  onStopHeld(): void;
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
  /** How many records there were to store so far; up to which of them are to be stored without waiting for more; and how many of them are stored. */
  #added = 0;
  #wanted = 0;
  #done = 0;
  /** Those who wait until so many are stored. */
  #waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  readonly #stored: ToldRecord[] = [];
  /** The body does what follows from what it was told last. */
  #isTurnOpen = false;
  /** Something is stored as soon as nothing more is to be told. */
  #isDue = false;
  #isWriting = false;
  #isOver = false;
  #isLoose = false;
  /** Calls that are recorded, and that the body makes after it was told to stop: it waits for none of them. */
  #refused: Set<string> | undefined;
  /** The calls that the body had made before it was told to stop, and that had ended after that; undefined until it is needed. */
  #madeBeforeStop: readonly string[] | undefined;
  #isStopHeld = false;

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
    return next !== undefined && !this.#isWaitedFor(next);
  }

  /** How much of what is recorded the body was told. */
  get replayed(): number {
    return this.#replayed;
  }

  /** Is this call recorded, and not told yet? */
  isRecorded(id: string): boolean {
    this.#untold ??= new Set(this.#parts.recorded.flatMap((record) => (record.record === 'call' ? [record.id] : [])));
    return this.#untold.has(id);
  }

  /** From now on what is recorded is told when the body asks for it, and other things meanwhile: the body waits for them first. That it is to stop it is told at once. */
  loosen(): void {
    this.#isLoose = true;
    const stopping = this.#parts.recorded.find(({ record }, at) => record === 'stopping' && at >= this.#replayed);
    if (stopping) this.#stored.unshift(stopping);
    this.tellNext();
  }

  /** A call that is recorded was refused, because the body was told to stop: its end is only counted. */
  refuse(id: string): void {
    (this.#refused ??= new Set()).add(id);
    this.tellNext();
  }

  #isWaitedFor(record: ToldRecord): boolean {
    if (record.record === 'stopping') return this.#isLoose || this.#hasMadeCallsBeforeStop;
    return this.#parts.isWaitedFor(record.id) || (this.#refused?.has(record.id) ?? false);
  }

  /** A body that waits for something else before it makes a call is told to stop when it has made it, as it was before. */
  get #hasMadeCallsBeforeStop(): boolean {
    this.#madeBeforeStop ??= this.#parts.recorded
      .slice(this.#replayed)
      .flatMap((record) => (record.record === 'call' && !record.cleanUp ? [record.id] : []));
    return this.#madeBeforeStop.every((id) => this.#parts.isWaitedFor(id));
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
    this.#release(Infinity);
  }

  /** Keeps a record, to be stored with the next ones. */
  keep(record: FlowRecord): void {
    this.#unwritten.push(record);
    this.#added++;
  }

  /** Stores a record, and what was kept before it. A call is told afterwards. */
  add(record: FlowRecord): void {
    this.keep(record);
    this.#storeSoon();
  }

  /** Stores what there is. Resolves when it is stored, and also when nothing is stored any more. */
  async stored(): Promise<void> {
    const until = this.#added;
    if (this.#done >= until || this.#isOver) return;
    this.#storeSoon();
    await new Promise<void>((resolve) => this.#waiting.push({ until, resolve }));
  }

  #release(done: number): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ until }) => until > done);
    for (const { until, resolve } of waiting) if (until <= done) resolve();
  }

  /** What ends in the same turn of the event loop is stored together. */
  #storeSoon(): void {
    this.#wanted = this.#added;
    if (this.#isDue || this.#isWriting || this.#isOver) return;
    this.#isDue = true;
    afterPromises(this.#storeDue);
  }

  readonly #storeDue = (): void => {
    // What follows from all that is still to be told is stored with it.
    if (!this.#isDue || (this.#isTurnOpen && this.#nextPlace !== undefined)) return;
    this.#isDue = false;
    if (this.#isOver) return;
    const batch = this.#unwritten;
    this.#unwritten = [];
    this.#isWriting = true;
    this.#parts.store(batch).then(
      () => this.#wasStored(batch),
      () => this.#parts.onLost(),
    );
  };

  #wasStored(batch: readonly FlowRecord[]): void {
    this.#isWriting = false;
    this.#done += batch.length;
    for (const record of batch) if (record.record === 'call' || record.record === 'stopping') this.#stored.push(record);
    this.#release(this.#done);
    this.tellNext();
    if (this.#done < this.#wanted) this.#storeSoon();
    this.#parts.onChange();
  }

  /** The body is told nothing before it has done what it does at once. */
  beginTurn(): void {
    this.#isTurnOpen = true;
    afterTurn(this.#endTurn);
  }

  /** Tells what comes next, if the body waits for it and has done what follows from the last one. Was something told? */
  tellNext(): boolean {
    if (this.#isTurnOpen || this.#isOver) return false;
    const place = this.#nextPlace;
    if (!place) {
      this.#isStopHeld = this.#parts.recorded[this.#replayed]?.record === 'stopping';
      if (this.#isStopHeld) this.#parts.onStopHeld();
      return false;
    }
    if (this.#isStopHeld) {
      // The call that it has waited for is made: what the body does at once besides comes first.
      this.#isStopHeld = false;
      this.beginTurn();
      return false;
    }
    const record = place === 'stored' ? this.#stored.shift() : this.#nextRecorded();
    if (!record) return false;
    this.#isTurnOpen = true;
    this.#parts.tell(record);
    // After a body was told to stop, nothing is begun that it had called before.
    if (place === 'recorded' && !this.#hasUntold) this.#parts.onLive();
    afterTurn(this.#endTurn);
    return true;
  }

  /** All that the body does at what it was told, it has done in promises, before the event loop turned. */
  readonly #endTurn = (): void => {
    this.#isTurnOpen = false;
    const isTold = this.tellNext();
    if (this.#isDue && isTold) afterPromises(this.#storeDue);
    else this.#storeDue();
    this.#parts.onChange();
  };

  /** Where that stands which can be told next. */
  get #nextPlace(): 'recorded' | 'stored' | undefined {
    const record = this.#parts.recorded[this.#replayed];
    if (record && this.#isWaitedFor(record)) return 'recorded';
    return this.isReplaying || this.#stored.length === 0 ? undefined : 'stored';
  }

  #nextRecorded(): ToldRecord | undefined {
    const record = this.#parts.recorded[this.#replayed++];
    if (record?.record === 'call') this.#untold?.delete(record.id);
    return record;
  }
}
