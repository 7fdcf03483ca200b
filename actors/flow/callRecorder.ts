/** Makes the records of a body: of the ends of its calls, each once, and of what it notes beside them. They are stored by its sequence. */
import type { FlowCallRecord, FlowRecord } from '../../src/contracts/flow/record.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import type { Clock } from '../../src/values/clock.ts';
import type { JsonObject } from '../../src/values/json.ts';
import type { CallSequence } from './callSequence.ts';
import type { FlowCall } from './flowCall.ts';
import type { PerformedResult } from './performCall.ts';

/** How a call ended, with what it noted. */
export type FlowCallResult = Partial<PerformedResult> & Pick<PerformedResult, 'outcome'>;

/** What it works with. */
export interface RecorderParts {
  readonly clock: Clock;
  readonly book: Pick<RecordBook, 'keptArtifacts' | 'logs'>;
  readonly sequence: Pick<CallSequence, 'write' | 'keep'>;
  /** Is the end of a call still recorded? */
  takesEnds(): boolean;
}

/** The recorder of one body. */
export class CallRecorder {
  readonly #parts: RecorderParts;
  /** Calls whose end is known, in this process. */
  readonly #finished = new Set<string>();
  #logged = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Has this process recorded the end of this call, or is it being stored? */
  hasFinished(id: string): boolean {
    return this.#finished.has(id);
  }

  /** The end of a call is known: it is stored, and then told. `from`: it was not performed. */
  finish(
    call: FlowCall,
    { outcome, metadata, artifacts = [], loaded = [], cause }: FlowCallResult,
    from?: 'cache',
  ): void {
    const record: FlowCallRecord = {
      ...call.record(outcome, this.#parts.clock.now()),
      ...(metadata ? { metadata } : {}),
      ...(loaded.length > 0 ? { loaded } : {}),
      ...(cause === undefined ? {} : { cause }),
      ...(from ? { from } : {}),
    };
    this.#write(record, artifacts);
  }

  /** A call gives what it gave in the run that this one replays, or in an earlier life. */
  finishKept(call: FlowCall, { outcome, metadata, from, type, loaded }: FlowCallRecord): void {
    const record: FlowCallRecord = {
      ...call.record(outcome, call.at),
      ...(type === undefined ? {} : { type }),
      ...(metadata ? { metadata } : {}),
      ...(loaded ? { loaded } : {}),
      from: from === 'override' ? 'override' : 'replay',
    };
    this.#write(record, this.#parts.book.keptArtifacts.get(call.id) ?? []);
  }

  #write(record: FlowCallRecord, before: readonly FlowRecord[]): void {
    if (!this.#parts.takesEnds() || this.#finished.has(record.id)) return;
    this.#finished.add(record.id);
    void this.#parts.sequence.write(...before, record);
  }

  /** Records something beside calls. Resolves when it is stored. */
  note(...records: readonly FlowRecord[]): Promise<void> {
    return this.#parts.sequence.write(...records);
  }

  /** Facts about the run: those that are recorded are not recorded again. They are stored with the next call, or at the end. */
  log(data: JsonObject, at: number): void {
    const { book, sequence } = this.#parts;
    if (this.#logged++ >= book.logs) sequence.keep({ record: 'log', at, data });
  }
}
