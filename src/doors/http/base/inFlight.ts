/** The requests that are being answered, and the end of a door: one that came before the drain is answered as usual, one that comes later is refused. */

/** Counts requests, and says when there is none left. */
export class InFlight {
  #count = 0;
  readonly #drain = new AbortController();
  readonly #whenIdle: (() => void)[] = [];

  /** Fires when the drain begins. */
  get draining(): AbortSignal {
    return this.#drain.signal;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Runs the work of one request. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      this.#settle();
    }
  }

  /** Begins the drain; resolves when nothing is left. */
  drain(): Promise<void> {
    this.#drain.abort();
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#count === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
