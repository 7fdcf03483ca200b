/** Finds the runs of processes that died: their logs name them. A log whose runs all have another owner is removed. */
import type { Clock } from '../../values/clock.ts';
import { inParallel } from '../../values/inParallel.ts';
import { segmentHead } from './segment.ts';
import type { LogHead, SharedStore } from './store.ts';
import type { Liveness } from './liveness.ts';
import type { Tails } from './tails.ts';
import type { Upkeep } from './upkeep.ts';

/** What the search works with. */
export interface DeadProcessesOptions {
  readonly store: SharedStore;
  readonly liveness: Liveness;
  readonly tails: Tails;
  readonly clock: Clock;
  readonly upkeep: Upkeep;
  /** Is it an incarnation of this process, and do the others know that it lives? */
  isWell(process: string): boolean;
  /** What this process is called in the fence entries it writes. */
  readonly name: string;
}

/** A log that is ended. */
interface EndedLog {
  /** All runs that it names. */
  readonly runs: ReadonlySet<string>;
  /** Those that nobody had taken over when they were looked at last. */
  left: ReadonlySet<string>;
  /** Since when there are none; milliseconds since the epoch. */
  doneAt: number | undefined;
}

/** Milliseconds between two looks at the logs while no process is seen to go. */
const lookInterval = 5_000;

/** Is one of those that were announced before not announced any more, as far as is known? */
const hasLost = (before: ReadonlySet<string> | undefined, now: ReadonlySet<string> | undefined): boolean =>
  before === undefined || now === undefined || [...before].some((process) => !now.has(process));

/** The processes whose logs are ended. */
export class DeadProcesses {
  readonly #options: DeadProcessesOptions;
  readonly #ended = new Map<string, EndedLog>();
  /** The processes that were announced when this was asked last. */
  #present: ReadonlySet<string> | undefined;
  #lookedAt = -Infinity;
  /** The last look at the logs found one that has to be looked at again, or it failed. */
  #isOpen = true;

  constructor(options: DeadProcessesOptions) {
    this.#options = options;
  }

  /**
   * Ends the logs of processes that died, and lists the runs that are still theirs. While no announcement has gone there is nothing to look for; that one
   * came and went unseen between two calls is found within `lookInterval`.
   */
  async runs(): Promise<readonly LogHead[]> {
    const { store, clock, isWell } = this.#options;
    const present = await store.presence.present();
    const isQuiet = !this.#isOpen && !this.#isLookDue() && !hasLost(this.#present, present);
    this.#present = present;
    if (isQuiet) return [];
    this.#isOpen = true;
    const lookedAt = clock.now();
    const names = await store.logs.names();
    const known = new Set(names);
    for (const process of this.#ended.keys()) if (!known.has(process)) this.#ended.delete(process);
    const suspects = names.filter((process) => !isWell(process) && !present?.has(process));
    const found = (await Promise.all(suspects.map((process) => this.#runsOf(process)))).flat();
    this.#isOpen = found.length > 0 || suspects.some((process) => !this.#ended.has(process));
    this.#lookedAt = lookedAt;
    return found;
  }

  #isLookDue(): boolean {
    const age = this.#options.clock.now() - this.#lookedAt;
    // The clock may have been set back.
    return age < 0 || age >= lookInterval;
  }

  async #runsOf(process: string): Promise<readonly LogHead[]> {
    const { store, liveness, tails, name } = this.#options;
    let ended = this.#ended.get(process);
    if (!ended) {
      if (!(await liveness.end(process, name))) return [];
      const tail = await tails.read(process);
      // An entry that cannot be read may name runs.
      const runs = tail.damage.length === 0 ? tail.runs : new Set([...tail.runs, ...(await this.#runsIn(process))]);
      ended = { runs, left: runs, doneAt: undefined };
      this.#ended.set(process, ended);
    }
    const heads = ended.left.size === 0 ? [] : await store.runs.heads([...ended.left]);
    const theirs = heads.filter((head) => segmentHead(head)?.owner === process);
    ended.left = new Set(theirs.map((head) => head.name));
    if (theirs.length === 0) await this.#forget(process, ended);
    return theirs;
  }

  /** The runs that a process has by the index. */
  async #runsIn(process: string): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const head of this.#options.store.runs.allHeads())
      if (segmentHead(head)?.owner === process) found.push(head.name);
    return found;
  }

  async #forget(process: string, ended: EndedLog): Promise<void> {
    const { store, tails, clock, upkeep } = this.#options;
    ended.doneAt ??= clock.now();
    if (clock.now() - ended.doneAt < upkeep.keepEndedLog) return;
    ended.doneAt = clock.now();
    // The index may lag, and what is only in this log would be lost: so every run is looked up where appends are decided.
    ended.left = await this.#owned(process, ended.runs);
    if (ended.left.size > 0) return;
    await store.logs.remove(process).catch(() => {}); // Whoever may not, leaves it to another one.
    tails.drop(process);
    this.#ended.delete(process);
  }

  async #owned(process: string, runs: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const { store } = this.#options;
    const owned = await inParallel([...runs], async (run) => {
      const last = await store.runs.last(run);
      return last && segmentHead(last)?.owner === process ? [run] : [];
    });
    return new Set(owned.flat());
  }
}
