/**
 * The clock of one process that can be paused, skewed and killed. Timers and answers from outside reach the process through it:
 * at once while the process runs, when it resumes while it is paused, never once it is dead.
 */
import type { Clock } from '../../values/clock.ts';

/** A promise that never settles: what a dead process is answered. */
export const never = (): Promise<never> => new Promise(() => {});

/** Follows another clock, and adds its skew to the time. */
export class FaultClock implements Clock {
  readonly #time: Clock;
  readonly #waiting = new Set<() => void>();
  #skew = 0;
  #paused = false;
  #dead = false;
  #end = () => {};
  /** Resolves when the process is killed. */
  readonly killed: Promise<true>;

  constructor(time: Clock) {
    this.#time = time;
    this.killed = new Promise((resolve) => (this.#end = () => resolve(true)));
  }

  get paused(): boolean {
    return this.#paused;
  }

  get dead(): boolean {
    return this.#dead;
  }

  now(): number {
    return this.#time.now() + this.#skew;
  }

  random(): number {
    return this.#time.random();
  }

  id(): string {
    return this.#time.id();
  }

  /** Never early by this clock, even when it was set back meanwhile. */
  wake(at: number, call: () => void): Disposable {
    let isOver = false;
    let timer: Disposable;
    const ring = () =>
      this.whenRunning(() => {
        if (isOver) return;
        if (this.now() < at) arm();
        else call();
      });
    const arm = () => (timer = this.#time.wake(at - this.#skew, ring));
    arm();
    return {
      [Symbol.dispose]: () => {
        isOver = true;
        timer[Symbol.dispose]();
      },
    };
  }

  /** Sets the clock forward or back by so many milliseconds. */
  skew(ms: number): void {
    this.#skew += ms;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call();
  }

  kill(): void {
    this.#dead = true;
    this.#waiting.clear();
    this.#end();
  }

  /** Calls as soon as the process runs; never when it is dead. */
  whenRunning(call: () => void): void {
    if (this.#dead) return;
    if (this.#paused) this.#waiting.add(call);
    else call();
  }

  /** An answer from outside, which settles for the process when the process runs. */
  answer<T>(outside: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      outside.then(
        (value) => this.whenRunning(() => resolve(value)),
        (thrown: Error) => this.whenRunning(() => reject(thrown)),
      );
    });
  }
}
