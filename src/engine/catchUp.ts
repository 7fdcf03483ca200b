/**
 * Deadlines are judged before what comes late: what became due while nobody ran it happens in the order of its times.
 *
 * A timer that is late waits here until every message that was left before its time is handed in. It fires then, and all that follows from it is
 * committed before the next. Effects are started again, and messages from outside are taken, only afterwards. So it is when a run is recovered, also where nothing is late:
 * what was sent to it while no process had it, such as a cancel, comes before its effects are performed again.
 */
import type { Address } from '../values/ids.ts';
import type { ActiveTask, Activity } from './activity.ts';

/** A timer that was not fired when it was due. */
export interface LateTimer {
  /** The actor that set it. */
  readonly address: Address;
  /** Its pending key. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly due: number;
}

/** What catching up works with. */
export interface CatchUpOptions {
  /** Where a run is busy while it catches up. */
  readonly activity: Pick<Activity, 'begin'>;
  /** Gives an actor its timer. */
  fire(timer: LateTimer): void;
  /** Resolves when no actor of the run has a message or a commit under way. */
  settled(run: string): Promise<void>;
  /** Hands in the messages that were left for the run; before each, calls `upTo` with its time. */
  handIn(run: string): Promise<void>;
  /** The run has caught up: what waited for that goes on. */
  onDone(run: string): void;
}

interface Late {
  /** By their due times. */
  readonly timers: LateTimer[];
  finished: Promise<void>;
  /** Until it has caught up, the run does not rest. */
  readonly task: ActiveTask;
}

/** The runs that catch up. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #late = new Map<string, Late>();

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Resolves when the run has caught up; undefined when it is not behind. */
  of(run: string): Promise<void> | undefined {
    return this.#late.get(run)?.finished;
  }

  /** Adds late timers of a run, which begins to catch up. */
  add(run: string, timers: readonly LateTimer[]): void {
    const behind = this.#late.get(run);
    if (behind) {
      behind.timers.push(...timers);
      behind.timers.sort(byDue);
      return;
    }
    const task = this.#options.activity.begin(run);
    const late: Late = { timers: [...timers].sort(byDue), finished: Promise.resolve(), task };
    this.#late.set(run, late);
    late.finished = this.#run(run, late);
  }

  /** Fires the late timers that were due by a time, those of one time together. At once when the run is not behind. */
  async upTo(run: string, time: number): Promise<void> {
    const late = this.#late.get(run);
    if (!late) return;
    await this.#options.settled(run);
    for (let next = late.timers[0]; next && next.due <= time && this.#late.get(run) === late; next = late.timers[0]) {
      const { due } = next;
      const together = late.timers.findIndex((timer) => timer.due !== due);
      for (const timer of late.timers.splice(0, together < 0 ? late.timers.length : together))
        this.#options.fire(timer);
      await this.#options.settled(run);
    }
  }

  /** This process no longer runs the run; what was late is in the journal. */
  drop(run: string): void {
    const late = this.#late.get(run);
    this.#late.delete(run);
    late?.task[Symbol.dispose]();
  }

  /** Never rejects. */
  async #run(run: string, late: Late): Promise<void> {
    await this.#options.handIn(run).catch(() => {}); // The messages are in the journal, and are looked for again.
    // It may have been given up and begun again meanwhile: what is late then waits for messages of its own.
    if (this.#late.get(run) === late) await this.upTo(run, Infinity);
    if (this.#late.get(run) !== late) return;
    this.#late.delete(run);
    this.#options.onDone(run);
    late.task[Symbol.dispose]();
  }
}

const byDue = (a: LateTimer, b: LateTimer) => a.due - b.due;
