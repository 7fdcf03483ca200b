/** When a call that is not recorded may begin: after all that is recorded was told, and while the flow is not paused or about to be told to stop. */
import type { Clock } from '../../src/values/clock.ts';

/** What it works with. */
export interface HeldCallsParts {
  readonly clock: Clock;
  /** Is there something recorded that must be told first? */
  isReplaying(): boolean;
  isOver(): boolean;
  /** The body waits for what is not recorded: from now on what is recorded is told when it asks for it. */
  onStuck(): void;
  /** Calls may begin. */
  onFree(): void;
}

/** How long a body may wait before it makes a call that is recorded, until what it has called besides is begun; milliseconds. */
const patience = 1_000;

/** The calls of one body that are not begun yet. */
export class HeldCalls {
  readonly #parts: HeldCallsParts;
  #held: (() => void)[] = [];
  #isPaused = false;
  #isToStop = false;
  #isToBeginAgain = false;
  #stuck: Disposable | undefined;

  constructor(parts: HeldCallsParts) {
    this.#parts = parts;
  }

  /** May nothing begin? */
  get isHeld(): boolean {
    return this.#isPaused || this.#isToBeginAgain || this.#isToStop;
  }

  /** For tests: the body is to be begun again from its top, and begins nothing more before that. */
  get isToBeginAgain(): boolean {
    return this.#isToBeginAgain;
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  /** Is it about to be told to stop? What it has called by then, and a cancel reaches, is not begun any more. */
  toStop(isToStop: boolean): void {
    this.#isToStop = isToStop;
    // It comes to its end from where it is.
    this.#isToBeginAgain = false;
  }

  beginAgain(): void {
    this.#isToBeginAgain = true;
  }

  /** May a call begin at once? `isScope`: a nested checkpoint, whose calls are recorded; it begins also before all that is recorded was told. */
  mayBegin(isScope: boolean): boolean {
    if (this.#isPaused || this.#isToBeginAgain) return false;
    return isScope || (!this.#isToStop && !this.#parts.isReplaying());
  }

  /** Begins a call when it may. */
  hold(work: () => void): void {
    this.#held.push(work);
    if (this.#parts.isReplaying()) this.watchStuck();
  }

  /** All that is recorded was told: begins what has waited for that, unless the flow is paused. */
  release(): void {
    this.#stuck?.[Symbol.dispose]();
    if (this.isHeld) return;
    this.#parts.onFree();
    const held = this.#held;
    this.#held = [];
    for (const work of held) work();
  }

  /** The body is given up. */
  end(): void {
    this.#stuck?.[Symbol.dispose]();
  }

  /** A body that waits for what is not recorded, before it makes a call that is: that is begun after a while. */
  watchStuck(): void {
    const { clock } = this.#parts;
    this.#stuck ??= clock.wake(clock.now() + patience, () => {
      this.#stuck = undefined;
      if (!this.#parts.isReplaying() || this.#parts.isOver()) return;
      this.#parts.onStuck();
      this.release();
    });
  }
}
