/** Finds out whether the store can be written where nothing was written for some time: a server that has no room shows only when something is written. */
import type { Clock } from '../../values/clock.ts';
import { toFailure } from '../../values/failure.ts';
import type { SharedStore } from './store.ts';

/** Milliseconds between two attempts. */
const interval = 10_000;
/** The note that is written; no run has such an id. */
const name = '_probe';

/** The attempts of one process. */
export class WriteProbe {
  readonly #store: SharedStore;
  readonly #clock: Clock;
  #at: number;
  #failure: string | undefined;

  constructor(store: SharedStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#at = clock.now();
  }

  /** Why the last attempt failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Something was written at this time, in milliseconds since the epoch. */
  wrote(at: number): void {
    if (at <= this.#at) return;
    this.#at = at;
    this.#failure = undefined;
  }

  /** Writes where nothing was written for some time; its outcome is known later. */
  try(): void {
    if (this.#clock.now() - this.#at < interval) return;
    this.#at = this.#clock.now();
    this.#write().then(
      () => (this.#failure = undefined),
      (thrown: unknown) => (this.#failure = toFailure(thrown).message),
    );
  }

  async #write(): Promise<void> {
    const { free } = this.#store;
    const last = await free.last(name);
    const sequence = await free.append(name, last?.sequence ?? 0, { headers: {}, body: new Uint8Array() });
    if (sequence !== undefined) await free.trim(name, sequence).catch(() => {}); // Whoever may not, leaves it to another one.
  }
}
