/** Fires the timers of a host when they are due; those of a run that is behind in their order with what was left for it. */
import { ticketType } from '../contracts/wait.ts';
import type { Clock } from '../values/clock.ts';
import { actorTypeOf, type Address } from '../values/ids.ts';
import { CatchUp, type CatchUpOptions, type LateTimer } from './catchUp.ts';
import { Timers } from './timers.ts';

/** What the timers of a host work with. */
export interface DueTimersOptions extends CatchUpOptions {
  readonly clock: Clock;
  /** A timer that is later than so many milliseconds shows that this process was suspended. */
  readonly tolerance: number;
  /** The run of an actor of this host; undefined for one that is not here. */
  runOf(address: Address): string | undefined;
}

/** The timers of a host, and the runs that catch up. */
export class DueTimers {
  readonly timers: Timers;
  readonly catchUp: CatchUp;
  readonly #options: DueTimersOptions;

  constructor(options: DueTimersOptions) {
    this.#options = options;
    this.timers = new Timers(options.clock, (due) => this.#fire(due));
    this.catchUp = new CatchUp(options);
  }

  /** Fires what this process missed while it was suspended. A promise while the run catches up: what comes now is taken afterwards. */
  caughtUp(run: string): Promise<void> | undefined {
    this.timers.fireDue(this.#options.tolerance);
    return this.catchUp.of(run);
  }

  /** Fires all that is due; resolves when all that was due in the run before a time is taken. */
  async upTo(run: string, time: number): Promise<void> {
    this.timers.fireDue();
    await this.catchUp.upTo(run, time);
  }

  /**
   * Timers that are due now fire at once. A run catches up after a time in which this process was suspended, and at the deadline of a ticket: what a
   * person has left for it in time, through another process, comes first.
   */
  #fire(due: readonly LateTimer[]): void {
    const { clock, tolerance, runOf, fire } = this.#options;
    const now = clock.now();
    const byRun = new Map<string | undefined, LateTimer[]>();
    for (const timer of due) {
      const run = runOf(timer.address);
      byRun.set(run, [...(byRun.get(run) ?? []), timer]);
    }
    const looksFirst = ({ address, due: at }: LateTimer) => now - at > tolerance || actorTypeOf(address) === ticketType;
    for (const [run, timers] of byRun) {
      if (run !== undefined && (this.catchUp.of(run) || timers.some(looksFirst))) this.catchUp.add(run, timers);
      else for (const timer of timers) fire(timer);
    }
  }
}
