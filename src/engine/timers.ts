/** Every timer of a host in one place: the clock is asked for one wake-up, the earliest. The timer of an actor that is not in memory costs one entry. */
import type { Clock } from '../values/clock.ts';
import type { Address } from '../values/ids.ts';

/** A timer that is set. */
export interface Timer {
  readonly key: string;
  readonly due: number;
  /** Timers that are due at the same time fire in the order they were set. */
  readonly order: number;
  readonly address: Address;
}

const before = (a: Timer, b: Timer) => a.due < b.due || (a.due === b.due && a.order < b.order);

/** The timers of a host. */
export class Timers {
  readonly #clock: Clock;
  readonly #fire: (due: readonly Timer[]) => void;
  readonly #byKey = new Map<string, Timer>();
  /** The keys of each actor's timers. */
  readonly #byActor = new Map<Address, Set<string>>();
  /** A binary heap; a cancelled timer stays in it until it comes up. */
  #heap: Timer[] = [];
  #order = 0;
  #wakeUp: { readonly at: number; readonly call: Disposable } | undefined;

  /** `fire` gets all that are due at one time, in their order. */
  constructor(clock: Clock, fire: (due: readonly Timer[]) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  get size(): number {
    return this.#byKey.size;
  }

  set(key: string, due: number, address: Address): void {
    const timer = { key, due, order: this.#order++, address };
    this.#byKey.set(key, timer);
    const keys = this.#byActor.get(address);
    if (keys) keys.add(key);
    else this.#byActor.set(address, new Set([key]));
    this.#push(timer);
    this.#schedule();
  }

  cancel(key: string): void {
    if (this.#remove(key)) this.#shrink();
  }

  /** Cancels every timer of these actors, which this host no longer runs. What it costs depends on their timers alone: a process may lose all its runs at once. */
  cancelAllOf(addresses: ReadonlySet<Address>): void {
    for (const address of addresses) for (const key of this.#byActor.get(address) ?? []) this.#remove(key);
    this.#shrink();
    for (let first = this.#heap[0]; first && !this.#isSet(first); first = this.#heap[0]) this.#pop();
    if (this.#wakeUp && this.#wakeUp.at !== this.#heap[0]?.due) {
      this.#wakeUp.call[Symbol.dispose]();
      this.#wakeUp = undefined;
    }
    this.#schedule();
  }

  clear(): void {
    this.#byKey.clear();
    this.#byActor.clear();
    this.#heap = [];
    this.#wakeUp?.call[Symbol.dispose]();
    this.#wakeUp = undefined;
  }

  #schedule(): void {
    const at = this.#heap[0]?.due;
    if (at === undefined || (this.#wakeUp && this.#wakeUp.at <= at)) return;
    // The later one is given up once this one is set: a clock that refuses must not leave the host without any.
    const call = this.#clock.wake(at, () => this.#wake());
    this.#wakeUp?.call[Symbol.dispose]();
    this.#wakeUp = { at, call };
  }

  /** Fires what is due, also before the clock wakes this process: what comes now comes after it. Only what is late by so many milliseconds. */
  fireDue(lateBy = 0): void {
    const now = this.#clock.now() - lateBy;
    const due: Timer[] = [];
    for (let timer = this.#heap[0]; timer && timer.due <= now; timer = this.#heap[0]) {
      this.#pop();
      if (!this.#isSet(timer)) continue;
      this.#remove(timer.key);
      due.push(timer);
    }
    if (due.length === 0) return;
    try {
      this.#fire(due);
    } finally {
      this.#schedule();
    }
  }

  #wake(): void {
    this.#wakeUp = undefined;
    try {
      this.fireDue();
    } finally {
      this.#schedule();
    }
  }

  /** Is it the timer that was set under its key last, and neither fired nor cancelled? */
  #isSet(timer: Timer): boolean {
    return this.#byKey.get(timer.key) === timer;
  }

  #remove(key: string): boolean {
    const timer = this.#byKey.get(key);
    if (!timer) return false;
    this.#byKey.delete(key);
    const keys = this.#byActor.get(timer.address);
    keys?.delete(key);
    if (keys?.size === 0) this.#byActor.delete(timer.address);
    return true;
  }

  /** Removes cancelled timers once they are most of the heap. */
  #shrink(): void {
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#byKey.size) this.#rebuild();
  }

  #rebuild(): void {
    const timers = this.#heap.filter((timer) => this.#isSet(timer));
    this.#heap = [];
    for (const timer of timers) this.#push(timer);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up];
      if (!above || !before(timer, above)) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = timer;
  }

  /** Removes the earliest. */
  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && before(right, left);
      const below = isRight ? right : left;
      if (!below || !before(below, last)) break;
      heap[at] = below;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}
