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
  readonly #performing = new Set<FlowCall>();
  #isBeginning = false;

  constructor(parts: WorkQueueParts) {
    this.#parts = parts;
  }

  /** How much is under way. */
  get performing(): number {
    return this.#performing.size;
  }

  /** Performs work of a call when its turn comes; `ended` is to be called when it has ended. */
  add(call: FlowCall, work: () => void): void {
    this.#waiting.push({ call, work });
    this.beginNext();
  }

  /** The work of this call has ended. */
  ended(call: FlowCall): void {
    this.#performing.delete(call);
    this.beginNext();
  }

  /** Begins what may begin. */
  beginNext(): void {
    // Work that ends at once lets the next one begin: here, and not within it.
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    while (!this.#parts.isHeld()) {
      const next = this.#waiting[0];
      if (!next || !this.#hasRoom(next.call)) break;
      this.#waiting.shift();
      if (next.call.controller.isAborted) {
        this.#parts.dropped(next.call);
        continue;
      }
      this.#performing.add(next.call);
      next.work();
    }
    this.#isBeginning = false;
  }

  /** One that is dropped needs no room. What a cancel does not reach begins beside work that is to stop: that may never end. */
  #hasRoom({ controller, isNonCancellable }: FlowCall): boolean {
    const { concurrency } = this.#parts;
    if (this.#performing.size < concurrency || controller.isAborted) return true;
    return isNonCancellable && [...this.#performing].filter((call) => !call.controller.isAborted).length < concurrency;
  }
}
