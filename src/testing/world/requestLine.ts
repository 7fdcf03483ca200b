/** What one process sends to one collection of a store: requests arrive in the order in which they were sent, also after the process has crashed. */
import type { Clock } from '../../values/clock.ts';

/** A line of requests. */
export class RequestLine {
  readonly #time: Pick<Clock, 'now' | 'wake'>;
  readonly #onItsWay: Disposable[] = [];
  /** When the last request arrives. */
  #last = -Infinity;

  constructor(time: Pick<Clock, 'now' | 'wake'>) {
    this.#time = time;
  }

  /** How many requests have not arrived yet. */
  get length(): number {
    return this.#onItsWay.length;
  }

  /** Sends a request that takes so many milliseconds, and more when one before it is slower. */
  send(takes: number, arrive: () => void): void {
    this.#last = Math.max(this.#last, this.#time.now() + takes);
    const timer = this.#time.wake(this.#last, () => {
      this.#onItsWay.splice(this.#onItsWay.indexOf(timer), 1);
      arrive();
    });
    this.#onItsWay.push(timer);
  }

  /** All but the oldest requests get lost. */
  cut(kept: number): void {
    for (const timer of this.#onItsWay.splice(kept)) timer[Symbol.dispose]();
  }
}
