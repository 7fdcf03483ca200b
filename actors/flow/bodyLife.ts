/** How the body of a flow stands in this process: at work, stopped, returned, failed, or given up. */
import { stoppedError } from '../../src/flow/flowErrors.ts';
import { reasonOf } from '../../src/values/cause.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';

/** How a body has ended. */
export type BodyEnd =
  | { readonly is: 'completed'; readonly output: Json; readonly encoded?: true; readonly unsettled?: true }
  | { readonly is: 'failed'; readonly error: TroupeError };

/** How many calls of a body that was stopped are refused at once. Each of one that goes on calling is refused in a later turn of the event loop: a loop that catches every error must not block its process. */
const mostRefusals = 100;

/** A body that goes on calling after so many refusals may do so for ever: it takes a pause with each tenth one, so that it uses little of the processor until its time is over. */
const mostTurns = 10_000;
const refusalsForPause = 10;

/** The life of one body. */
export class BodyLife {
  #stopReason: string | undefined;
  #hasValue = false;
  #hasReturned = false;
  #isFailed = false;
  #end: BodyEnd | undefined;
  #isAbandoned = false;
  #refusals = 0;
  /** How many parts of it are at work that a cancel does not reach, and whether one was after it was told to stop. */
  #nonCancellable = 0;
  #isCleaningUp = false;

  /** Why it was told to stop; undefined when it was not. */
  get stopReason(): string | undefined {
    return this.#stopReason;
  }

  /** It has thrown by itself: a retry may go on with it. */
  get isFailed(): boolean {
    return this.#isFailed;
  }

  /** Is its function at work, and not told to stop? */
  get isAtWork(): boolean {
    return !this.#hasReturned && this.#stopReason === undefined && !this.isOver;
  }

  /** How it has ended; undefined before, and while its result is being stored. */
  get end(): BodyEnd | undefined {
    return this.#end;
  }

  /** Did it end because it does not make the calls that are recorded? Then it has not cleaned up either. */
  get hasDiverged(): boolean {
    return this.#end?.is === 'failed' && this.#end.error.kind === 'diverged';
  }

  /** Has the process given it up? */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  get isOver(): boolean {
    return this.#isAbandoned || this.#end !== undefined;
  }

  /** Is the end of a call still recorded? What was under way when the body failed may still succeed: a retry takes it. */
  get takesEnds(): boolean {
    return !this.#isAbandoned && (!this.#hasReturned || this.#isFailed);
  }

  /** Is it told to stop, for this `reason`? Then what a branch throws that nobody awaits changes nothing any more; it is told as a warning. */
  ignoresStray(thrown: unknown, reason = this.#stopReason): boolean {
    if (reason === undefined) return false;
    process.emitWarning(
      `A flow threw where nothing could catch it, after it was told to stop (${reason}): ${reasonOf(thrown)}`,
      'TroupeWarning',
    );
    return true;
  }

  /** It is told to stop. */
  stop(reason: string): void {
    this.#stopReason ??= reason;
    this.#isCleaningUp ||= this.#nonCancellable > 0;
  }

  /** It was told to stop, and has begun to clean up in a part that a cancel does not reach. */
  get isCleaningUp(): boolean {
    return this.#isCleaningUp;
  }

  /** Such a part of it begins. Returns what ends it. */
  beginNonCancellable(): () => void {
    this.#nonCancellable++;
    this.#isCleaningUp ||= this.#stopReason !== undefined;
    return () => void this.#nonCancellable--;
  }

  /** Its function has given its value: what is left are calls that it does not need for it. */
  gaveValue(): void {
    this.#hasValue = true;
  }

  get hasValue(): boolean {
    return this.#hasValue;
  }

  /** Its function has returned, and all that belongs to it has ended. */
  returned(): void {
    this.#hasReturned = true;
  }

  /** Its function has thrown. */
  threw(): void {
    this.#hasReturned = true;
    this.#isFailed = this.#stopReason === undefined;
  }

  /** It has ended; the first end counts. */
  finish(end: BodyEnd): void {
    this.#end ??= end;
  }

  /** The process gives it up. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** Throws where nothing can be called any more. `isNonCancellable`: by a part of the body that a cancel does not reach. */
  requireRunning(isNonCancellable = false): void {
    if (!this.#refuses(isNonCancellable)) return;
    this.#refusals++;
    if (this.#stopReason !== undefined && !isNonCancellable) throw stoppedError(this.#stopReason);
    throw new TroupeError(
      'scope',
      'The body of this flow has ended: nothing can be called any more. Await every call in it.',
    );
  }

  #refuses(isNonCancellable: boolean): boolean {
    return this.#hasReturned || (this.#stopReason !== undefined && !isNonCancellable);
  }

  /** Were so many calls refused that the body is to pause now? */
  get isToPause(): boolean {
    return this.#refusals >= mostTurns && this.#refusals % refusalsForPause === 0;
  }

  /** Is the next call refused, after so many that it is told so later? */
  isRefusedLater(isNonCancellable: boolean): boolean {
    return this.#refusals >= mostRefusals && this.#refuses(isNonCancellable);
  }
}
