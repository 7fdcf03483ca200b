/**
 * The runs of a host that wait and were taken over without being loaded: an entry each, and one timer for the earliest of them. A message, a signal or a timer
 * wakes a run: it is loaded as when it is resumed, and takes then what came for it.
 */
import type { Clock } from '../values/clock.ts';
import type { RunAtRest } from '../journal/journal.ts';
import { Timers } from './timers.ts';

/** Who had a run taken over, and loads it. */
export interface RunKeeper {
  /** Starts or resumes the run here. Called once; when it rejects, the run is not here any more. */
  wake(run: string): Promise<unknown>;
  /** Another process has the run by now. */
  lost(run: string): void;
}

/** A run as it was listed. */
export interface ListedRun extends Pick<RunAtRest, 'root' | 'due'> {
  /** The epoch of its lease, which has ended. */
  readonly epoch: number;
}

interface RestingRun {
  readonly root: RunAtRest['root'];
  readonly keeper: RunKeeper;
  waking?: Promise<unknown>;
}

/** What can be done with a run that is not loaded. */
export interface RestingHandle {
  /** Nothing of it is under way. */
  readonly idle: true;
  /** Loads it. Resolves when it is loaded, or not here any more. Never rejects. */
  wake(): Promise<unknown>;
  /** Gives it back; `grace` is for what was loaded meanwhile, as in `Host.park`. */
  park(grace?: number): Promise<void>;
}

/** What they work with. */
export interface RestingRunsOptions {
  readonly clock: Clock;
  /** Lets a run go that could not be loaded. */
  giveUp(run: string): Promise<void>;
  /** A run does not rest here any more. */
  onForgotten(root: RunAtRest['root']): void;
}

/** The runs of one host that are not loaded. */
export class RestingRuns {
  readonly #runs = new Map<string, RestingRun>();
  readonly #timers: Timers;
  readonly #options: RestingRunsOptions;

  constructor(options: RestingRunsOptions) {
    this.#options = options;
    // A timer of a run has its id as its key.
    this.#timers = new Timers(options.clock, (due) => {
      for (const { key } of due) void this.wake(key);
    });
  }

  has(run: string): boolean {
    return this.#runs.has(run);
  }

  /** The run is here, and waits. */
  add(run: string, { root, due }: ListedRun, keeper: RunKeeper): void {
    this.#runs.set(run, { root, keeper });
    if (due !== undefined) this.#timers.set(run, due, root);
  }

  /** Resolves when the run is loaded, or not here any more; at once when it does not rest. Never rejects. */
  wake(run: string): Promise<unknown> {
    const known = this.#runs.get(run);
    if (!known) return Promise.resolve();
    known.waking ??= known.keeper
      .wake(run)
      // It may be loaded all the same, by whoever started it meanwhile.
      .catch(() => (this.#runs.get(run) === known ? this.#options.giveUp(run) : undefined))
      .finally(() => this.#end(run, known));
    return known.waking;
  }

  /** As `forget`, once the run is not being loaded: it would come here again after it was given back. */
  async leave(run: string): Promise<void> {
    for (let waking = this.#runs.get(run)?.waking; waking; waking = this.#runs.get(run)?.waking) await waking;
    this.forget(run);
  }

  /** The run is loaded, or is being given back by who has it here. */
  forget(run: string): void {
    const known = this.#runs.get(run);
    if (known) this.#end(run, known);
  }

  /** Another process has the run, or may have it. */
  lose(run: string): void {
    const known = this.#runs.get(run);
    if (!known) return;
    this.#end(run, known);
    // Whoever wakes it is told by that.
    if (!known.waking) known.keeper.lost(run);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#runs.clear();
    this.#timers.clear();
  }

  #end(run: string, known: RestingRun): void {
    if (this.#runs.get(run) !== known) return;
    this.#runs.delete(run);
    this.#timers.cancel(run);
    this.#options.onForgotten(known.root);
  }
}
