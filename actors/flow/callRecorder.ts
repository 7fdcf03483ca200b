/** Makes the records of a body: of the ends of its calls, each once, and of what it notes beside them. They are stored by its sequence. */
import type { FlowCallRecord, FlowRecord } from '../../src/contracts/flow/record.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import type { Clock } from '../../src/values/clock.ts';
import type { JsonObject } from '../../src/values/json.ts';
import type { CallSequence } from './callSequence.ts';
import type { FlowCall } from './flowCall.ts';
import type { PerformedResult } from './performedResult.ts';

/** What it works with. */
export interface RecorderParts {
  readonly clock: Clock;
  readonly book: Pick<RecordBook, 'keptArtifacts' | 'logs'>;
  readonly sequence: Pick<CallSequence, 'add' | 'keep' | 'stored'>;
  /** Is the end of a call still recorded? */
  takesEnds(): boolean;
}

const none: readonly never[] = [];

/** The time that a body is told with the end of a call: where that was taken from elsewhere, the time that it had there. */
export const toldTime = ({ time, at, ms }: FlowCallRecord): number => time ?? at + ms;

/** The recorder of one body. */
export class CallRecorder {
  readonly #parts: RecorderParts;
  #logged = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** The end of a call is known: it is stored, and then told. `from`: it was not performed. */
  finish(
    call: FlowCall,
    { outcome, metadata, artifacts = none, loaded = none, cause }: PerformedResult,
    from?: 'cache',
  ): void {
    const record = call.record(outcome, this.#parts.clock.now());
    if (metadata) record.metadata = metadata;
    if (loaded.length > 0) record.loaded = loaded;
    if (cause !== undefined) record.cause = cause;
    if (from) record.from = from;
    this.#write(call, record, artifacts);
  }

  /** A call gives what it gave in the run that this one replays, or in an earlier life. */
  finishKept(call: FlowCall, kept: FlowCallRecord): void {
    const { outcome, metadata, from, type, loaded } = kept;
    const record = call.record(outcome, call.at);
    record.time = toldTime(kept);
    if (type !== undefined) record.type = type;
    if (metadata) record.metadata = metadata;
    if (loaded) record.loaded = loaded;
    record.from = from === 'override' ? 'override' : 'replay';
    this.#write(call, record, this.#parts.book.keptArtifacts.get(call.id) ?? []);
  }

  #write(call: FlowCall, record: FlowCallRecord, before: readonly FlowRecord[]): void {
    const { sequence, takesEnds } = this.#parts;
    if (!takesEnds() || call.isFinished) return;
    call.isFinished = true;
    for (const each of before) sequence.keep(each);
    sequence.add(record);
  }

  /** Records something beside calls. Resolves when it is stored. */
  note(...records: readonly FlowRecord[]): Promise<void> {
    const { sequence } = this.#parts;
    for (const record of records) sequence.keep(record);
    return sequence.stored();
  }

  /** Facts about the run: those that are recorded are not recorded again. They are stored with the next call, or at the end. */
  log(data: JsonObject, at: number): void {
    const { book, sequence } = this.#parts;
    if (this.#logged++ >= book.logs) sequence.keep({ record: 'log', at, data });
  }
}
