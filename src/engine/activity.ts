/**
 * What is under way in the runs of a host: the one place that says whether a run rests, and that tells its watchers.
 *
 * RS1 Whatever makes a run busy holds a task of it here: a start, an actor that is loading or at work, an effect, a message on its way, a poll with mail.
 * RS2 Every end of a task tells the watchers, so that no condition of rest can change without them.
 */
import type { Clock } from '../values/clock.ts';

/** Something of a run that is under way, until it is disposed. Disposing it again does nothing. */
export type ActiveTask = Disposable;

class Task implements ActiveTask {
  readonly #activity: Activity;
  readonly #run: string;
  #isOver = false;

  constructor(activity: Activity, run: string) {
    this.#activity = activity;
    this.#run = run;
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#activity.ended(this.#run);
  }
}

/** What is under way, by run. */
export class Activity {
  readonly #tasks = new Map<string, number>();
  readonly #watchers = new Map<string, Set<() => void>>();

  /** Something of the run begins: until the result is disposed, the run does not rest. */
  begin(run: string): ActiveTask {
    this.#tasks.set(run, (this.#tasks.get(run) ?? 0) + 1);
    return new Task(this, run);
  }

  /** A task of the run is over. */
  ended(run: string): void {
    const left = (this.#tasks.get(run) ?? 1) - 1;
    if (left > 0) this.#tasks.set(run, left);
    else this.#tasks.delete(run);
    this.changed(run);
  }

  /** Is nothing of the run under way, so that only a timer or a message from outside can move it? */
  isIdle(run: string): boolean {
    return !this.#tasks.has(run);
  }

  /** In how many runs something is under way. */
  get busy(): number {
    return this.#tasks.size;
  }

  /** Tells the watchers that they must look at the run again. */
  changed(run: string): void {
    const watchers = this.#watchers.get(run);
    if (watchers) for (const look of watchers) look();
  }

  /** Calls after every change of the run, until the result is disposed. */
  watch(run: string, look: () => void): Disposable {
    const watchers = this.#watchers.get(run) ?? new Set();
    this.#watchers.set(run, watchers.add(look));
    return {
      [Symbol.dispose]: () => {
        watchers.delete(look);
        if (watchers.size === 0 && this.#watchers.get(run) === watchers) this.#watchers.delete(run);
      },
    };
  }

  /** Resolves when nothing of the run is under way. */
  async nextIdle(run: string): Promise<void> {
    if (this.isIdle(run)) return;
    await new Promise<void>((resolve) => {
      const watching = this.watch(run, () => {
        if (!this.isIdle(run)) return;
        watching[Symbol.dispose]();
        resolve();
      });
    });
  }

  /** Resolves at the next change of the run, or at a time in milliseconds since the epoch. */
  nextChange(run: string, clock: Clock, until: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const finish = () => {
        timer[Symbol.dispose]();
        watching[Symbol.dispose]();
        resolve();
      };
      const timer = clock.wake(until, finish);
      const watching = this.watch(run, finish);
    });
  }
}
