/** Deletes runs that ended long ago, a few at a time, while the process works on others. A process that only reads deletes nothing. */
import type { Clock } from '../values/clock.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import type { Journal } from '../journal/journal.ts';

/** How long a run is kept after its end when nothing is said. */
const defaultKeep = '30d';
/** So many runs are deleted at once: others wait for the journal meanwhile. */
const most = 5;
/** Milliseconds between two looks for more. */
const interval = 60 * 60 * 1_000;

/** Milliseconds for which a run is kept after its end; undefined for ever. Throws `definition` for what is no duration. */
export function keptFor(
  given: Duration | false | undefined,
  env: Readonly<Record<string, string | undefined>>,
  fromFile?: Duration | false,
): number | undefined {
  const keep = given ?? env['TROUPE_KEEP'] ?? fromFile ?? defaultKeep;
  if (keep === false || keep === Infinity || keep === 'forever') return undefined;
  // What the environment says is checked by `milliseconds`.
  return milliseconds(keep as Duration);
}

/** What is kept, and where. */
export interface RetentionOptions {
  /** The journal that forgets. One that is shared does not. */
  readonly journal: Pick<Journal, 'pruneSome'>;
  /** What tells the time. */
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds for which a run is kept after its end; undefined for ever. */
  readonly keep: number | undefined;
}

/** Deletes old runs when a run begins or goes on in this process, at most once an hour. */
export class Retention {
  readonly #options: RetentionOptions;
  #next = -Infinity;
  #isStopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Looks for old runs, unless it has done so within the hour. Nobody waits for it. */
  check(): void {
    const { journal, clock, keep } = this.#options;
    const now = clock.now();
    if (keep === undefined || !journal.pruneSome || this.#isStopped || now < this.#next) return;
    this.#next = now + interval;
    // What keeps the journal from forgetting keeps runs from being written as well, and they say so.
    void this.#forget(now - keep).catch(() => {});
  }

  /** Deletes no more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #forget(before: number): Promise<void> {
    while (!this.#isStopped && (await this.#options.journal.pruneSome?.(before, most)) === most);
  }
}
