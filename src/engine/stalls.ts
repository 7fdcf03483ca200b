/** Which runs wait because the journal cannot store or read now: since when, and why. Observers are told when a stall begins, when its reason changes, and when it is over. */
import type { Clock } from '../values/clock.ts';
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Observer } from '../contracts/inspection.ts';

/** An actor of a run that cannot go on before the journal can be used again. */
export interface Stall {
  /** The id of the run. */
  readonly run: string;
  /** The address of the actor whose commit waits. */
  readonly actor: Address;
  /** When the first attempt failed, in milliseconds since the epoch. */
  readonly since: number;
  /** Why the last attempt failed. */
  readonly failure: Failure;
}

/** What an attempt to use the journal reports. */
export interface StallReports {
  stalled(failure: Failure): void;
  continued(): void;
}

/** The stalls of a host. */
export class Stalls {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #report: Observer;
  readonly #stalls = new Map<Address, Stall>();

  constructor(clock: Pick<Clock, 'now'>, report: Observer) {
    this.#clock = clock;
    this.#report = report;
  }

  /** The longest stall of a run; undefined while nothing of it waits for the journal. */
  of(run: string): Stall | undefined {
    let longest: Stall | undefined;
    for (const stall of this.#stalls.values())
      if (stall.run === run && stall.since < (longest?.since ?? Infinity)) longest = stall;
    return longest;
  }

  /** Since when the oldest of them waits, in milliseconds since the epoch; undefined while nothing waits. */
  get since(): number | undefined {
    let oldest: number | undefined;
    for (const { since } of this.#stalls.values()) if (since < (oldest ?? Infinity)) oldest = since;
    return oldest;
  }

  /** For the attempts of one actor. */
  reportsOf(run: string, actor: Address): StallReports {
    return {
      stalled: (failure) => {
        const known = this.#stalls.get(actor);
        const at = this.#clock.now();
        this.#stalls.set(actor, { run, actor, since: known?.since ?? at, failure });
        if (known?.failure.message !== failure.message) this.#report({ type: 'stalled', at, run, actor, failure });
      },
      continued: () => {
        const known = this.#stalls.get(actor);
        if (!known) return;
        this.#stalls.delete(actor);
        this.#report({ type: 'continued', at: this.#clock.now(), run, actor, since: known.since });
      },
    };
  }

  /** This process no longer runs it. */
  forget(run: string): void {
    for (const [actor, stall] of this.#stalls) if (stall.run === run) this.#stalls.delete(actor);
  }
}
