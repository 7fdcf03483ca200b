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
  #waiting: { readonly call: FlowCall; readonly begin: () => Promise<void> }[] = [];
  #performing = 0;

  constructor(parts: WorkQueueParts) {
    this.#parts = parts;
  }

  /** How much is under way. */
  get performing(): number {
    return this.#performing;
  }

  /** Performs work of a call when its turn comes. `work` never rejects. */
  add(call: FlowCall, work: () => Promise<void>): void {
    const begin = async () => {
      this.#performing++;
      await work();
    };
    this.#waiting.push({ call, begin });
    this.beginNext();
  }

  /** Some work has ended. */
  ended(): void {
    this.#performing--;
    this.beginNext();
  }

  /** Begins what may begin. */
  beginNext(): void {
    while (!this.#parts.isHeld() && this.#performing < this.#parts.concurrency) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.call.controller.isAborted) this.#parts.dropped(next.call);
      else void next.begin();
    }
  }

  /** Nothing that waits is begun. */
  clear(): void {
    this.#waiting = [];
  }
}
