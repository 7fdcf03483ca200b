/**
 * How many of those who wait go on in one turn of the event loop. Each of them does at once what comes next, and timers and sockets wait for all of it:
 * so more go on while that is quick, and fewer once it takes long.
 */
export class TurnShare {
  #size: number;
  readonly #smallest: number;
  readonly #largest: number;
  readonly #longest: number;

  /** `longest`: so many milliseconds may pass between two turns. */
  constructor(bounds: { readonly smallest: number; readonly largest: number; readonly longest: number }) {
    this.#size = this.#smallest = bounds.smallest;
    this.#largest = bounds.largest;
    this.#longest = bounds.longest;
  }

  /** So many go on in the next turn. */
  get size(): number {
    return this.#size;
  }

  /** So many of them went on in the last turn, and what they did took so many milliseconds. */
  took(count: number, milliseconds: number): void {
    if (milliseconds > this.#longest) this.#size = Math.max(this.#smallest, this.#size >> 1);
    // Twice as many must still fit; a few say nothing of how long a full share takes.
    else if (count >= this.#size && milliseconds < this.#longest / 4)
      this.#size = Math.min(this.#largest, this.#size * 2);
  }
}
