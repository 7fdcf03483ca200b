/** The work of a body that is performed in this process: so much at once, the rest in its turn. */
import type { FlowCall } from './flowCall.ts';

/** What the queue works with. */
export interface WorkQueueParts {
  /** How many are under way at once. */
  readonly concurrency: number;
  /** May nothing be begun now? */
  isHeld(): boolean;
  /** A call was to stop before it had begun. */
  dropped(call: FlowCall): void;
}

/** The work of one body. */
export class WorkQueue {
  readonly #parts: WorkQueueParts;
  #waiting: { readonly call: FlowCall; readonly work: () => void }[] = [];
  #performing = 0;
  #isBeginning = false;

  constructor(parts: WorkQueueParts) {
    this.#parts = parts;
  }

  /** How much is under way. */
  get performing(): number {
    return this.#performing;
  }

  /** Performs work of a call when its turn comes; `ended` is to be called when it has ended. */
  add(call: FlowCall, work: () => void): void {
    this.#waiting.push({ call, work });
    this.beginNext();
  }

  /** Some work has ended. */
  ended(): void {
    this.#performing--;
    this.beginNext();
  }

  /** Begins what may begin. */
  beginNext(): void {
    // Work that ends at once lets the next one begin: here, and not within it.
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    while (!this.#parts.isHeld() && this.#performing < this.#parts.concurrency) {
      const next = this.#waiting.shift();
      if (!next) break;
      if (next.call.controller.isAborted) {
        this.#parts.dropped(next.call);
        continue;
      }
      this.#performing++;
      next.work();
    }
    this.#isBeginning = false;
  }
}
