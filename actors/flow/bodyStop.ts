/** How a body is told to stop: that is recorded first, and told after all that was recorded before. From then on it can only clean up, and has a limited time for that. */
import { stoppedError } from '../../src/flow/flowErrors.ts';
import type { RecordBook } from '../../src/flow/recordBook.ts';
import type { Clock } from '../../src/values/clock.ts';
import type { BodyLife } from './bodyLife.ts';
import type { CallArrivals } from './callArrivals.ts';
import type { CallSequence } from './callSequence.ts';
import type { HeldCalls } from './heldCalls.ts';
import type { OpenCalls } from './openCalls.ts';

/** What it works with. */
export interface BodyStopParts {
  readonly clock: Clock;
  readonly book: Pick<RecordBook, 'isStopping'>;
  readonly life: Pick<BodyLife, 'end' | 'stop' | 'stopReason'>;
  readonly sequence: Pick<CallSequence, 'add' | 'isReplaying'>;
  readonly held: Pick<HeldCalls, 'toStop'>;
  readonly arrivals: Pick<CallArrivals, 'stop'>;
  readonly open: Pick<OpenCalls, 'cancel' | 'stop'>;
  /** Calls that a cancel does not reach may begin. */
  onLive(): void;
}

/** The stop of one body. */
export class BodyStop {
  readonly #parts: BodyStopParts;
  #reason: string | undefined;

  constructor(parts: BodyStopParts) {
    this.#parts = parts;
  }

  /** Was it asked for? */
  get isRequested(): boolean {
    return this.#reason !== undefined;
  }

  /** Why, when it was asked for. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Was it asked for, and the body not told yet? */
  get isPending(): boolean {
    const { life } = this.#parts;
    return this.isRequested && life.stopReason === undefined && !life.end;
  }

  /** Asks for it, once. What is under way is told to stop at once, and nothing is begun until the body is told. */
  request(reason: string): void {
    const { life, book, held, open, sequence, clock } = this.#parts;
    if (this.isRequested) return;
    this.#reason = reason;
    // What is under way beside its failure is waited for.
    if (life.end) return life.stop(reason);
    // Another process has told it: it is told at the same place.
    if (book.isStopping) return;
    held.toStop(true);
    open.cancel(stoppedError(reason));
    sequence.add({ record: 'stopping', at: clock.now(), reason });
  }

  /** Tells the body. */
  tell(reason: string): void {
    const { life, arrivals, open, held, sequence, onLive } = this.#parts;
    if (life.stopReason !== undefined || life.end) return;
    life.stop(reason);
    arrivals.stop();
    open.stop(stoppedError(reason));
    held.toStop(false);
    if (!sequence.isReplaying) onLive();
  }
}
