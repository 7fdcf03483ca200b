/** Every timer of a host in one place: the clock is asked once, for the earliest; a timer of an actor at rest costs one entry. */
import type { Clock } from '../contracts/clock.ts';
import type { Address } from '../contracts/ids.ts';

interface Alarm {
  readonly key: string;
  readonly due: number;
  /** Alarms for the same moment ring in the order they were set. */
  readonly order: number;
  readonly address: Address;
}

const before = (a: Alarm, b: Alarm) => a.due < b.due || (a.due === b.due && a.order < b.order);

export class Alarms {
  readonly #clock: Clock;
  readonly #ring: (address: Address, key: string) => void;
  readonly #set = new Map<string, Alarm>();
  /** A binary heap; what was cancelled stays in it until it comes up. */
  #heap: Alarm[] = [];
  #order = 0;
  #waking: { readonly at: number; readonly call: Disposable } | undefined;

  constructor(clock: Clock, ring: (address: Address, key: string) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  get size(): number {
    return this.#set.size;
  }

  set(key: string, due: number, address: Address): void {
    const alarm = { key, due, order: this.#order++, address };
    this.#set.set(key, alarm);
    this.#push(alarm);
    this.#arm();
  }

  cancel(key: string): void {
    if (!this.#set.delete(key)) return;
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#set.size) this.#rebuild();
  }

  /** Nobody is there any more to hear these: actors at rest among them, who cancel nothing themselves. */
  forget(addresses: ReadonlySet<Address>): void {
    for (const [key, { address }] of this.#set) if (addresses.has(address)) this.#set.delete(key);
    this.#rebuild();
    this.#waking?.call[Symbol.dispose]();
    this.#waking = undefined;
    this.#arm();
  }

  clear(): void {
    this.#set.clear();
    this.#heap = [];
    this.#waking?.call[Symbol.dispose]();
    this.#waking = undefined;
  }

  #arm(): void {
    const at = this.#heap[0]?.due;
    if (at === undefined || (this.#waking && this.#waking.at <= at)) return;
    this.#waking?.call[Symbol.dispose]();
    this.#waking = { at, call: this.#clock.wake(at, () => this.#wake()) };
  }

  #wake(): void {
    this.#waking = undefined;
    const now = this.#clock.now();
    while (this.#heap[0] && this.#heap[0].due <= now) {
      const alarm = this.#pop();
      if (this.#set.get(alarm.key) !== alarm) continue;
      this.#set.delete(alarm.key);
      this.#ring(alarm.address, alarm.key);
    }
    this.#arm();
  }

  #rebuild(): void {
    const alarms = this.#heap.filter((alarm) => this.#set.get(alarm.key) === alarm);
    this.#heap = [];
    for (const alarm of alarms) this.#push(alarm);
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap;
    let at = heap.push(alarm) - 1;
    for (let up = (at - 1) >> 1; at > 0 && before(alarm, heap[up]!); up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = alarm;
  }

  #pop(): Alarm {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down + 1 < heap.length && before(heap[down + 1]!, heap[down]!)) down++;
      if (down >= heap.length || !before(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}
