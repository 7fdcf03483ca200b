/** What goes in and out of a process that may stand still or die: answers and alarms reach it while it runs, later while it stands still, never once it is dead. */
import type { Clock } from '../../contracts/clock.ts';
import type { VirtualClock } from '../clock.ts';

export class Gate {
  readonly clock: Clock;
  readonly #time: VirtualClock;
  readonly #waiting = new Set<() => void>();
  #skew = 0;
  #still = false;
  dead = false;

  constructor(time: VirtualClock) {
    this.#time = time;
    this.clock = {
      now: () => time.now() + this.#skew,
      random: () => time.random(),
      id: () => time.id(),
      wake: (at, call) => this.#wake(at, call),
    };
  }

  get still(): boolean {
    return this.#still;
  }

  /** The clock of this process jumps. */
  jump(ms: number): void {
    this.#skew += ms;
  }

  stand(): void {
    this.#still = true;
  }

  goOn(): void {
    this.#still = false;
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call();
  }

  die(): void {
    this.dead = true;
    this.#waiting.clear();
  }

  /** Calls as soon as the process runs. */
  inside(call: () => void): void {
    if (this.dead) return;
    if (this.#still) this.#waiting.add(call);
    else call();
  }

  /** An answer from outside. */
  answer<T>(outside: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      outside.then(
        (value) => this.inside(() => resolve(value)),
        (thrown: Error) => this.inside(() => reject(thrown)),
      );
    });
  }

  /** Never early by the clock of this process, even when that was set back meanwhile. */
  #wake(at: number, call: () => void): Disposable {
    let over = false;
    let timer: Disposable;
    const ring = () =>
      this.inside(() => {
        if (over) return;
        if (this.clock.now() < at) arm();
        else call();
      });
    const arm = () => (timer = this.#time.wake(at - this.#skew, ring));
    arm();
    return {
      [Symbol.dispose]: () => {
        over = true;
        timer[Symbol.dispose]();
      },
    };
  }
}
