/** Decides that another process is dead, by ending its log: from then on it can write nothing, whether it is dead or was only slow. */
import { fenceMessage, entryKind } from './entry.ts';
import type { SharedStore } from './store.ts';

/** Milliseconds in which a process that is not present must answer. */
const pingTimeout = 1_000;

/** The processes that share a store. */
export class Liveness {
  readonly #store: SharedStore;
  /** Logs that are ended: they stay so. */
  readonly #fenced = new Set<string>();

  constructor(store: SharedStore) {
    this.#store = store;
  }

  /**
   * Ends the log of a process unless it lives. True when the log is ended by now. `isDead`: it is certain that it does not live;
   * else it must be absent, and not answer.
   */
  async end(process: string, by: string, isDead = false): Promise<boolean> {
    if (this.#fenced.has(process)) return true;
    const { logs, presence } = this.#store;
    if (!isDead) {
      const present = await presence.present();
      if (present === undefined || present.has(process)) return false;
    }
    const last = await logs.last(process);
    if (last && entryKind(last).fencedBy !== undefined) return this.#note(process);
    if (!isDead && (await presence.ping(process, pingTimeout)) === 'alive') return false;
    // Refused: it has written meanwhile, so it lives, or another process has ended it.
    if ((await logs.append(process, last?.sequence ?? 0, fenceMessage(by))) !== undefined) return this.#note(process);
    const now = await logs.last(process);
    return now !== undefined && entryKind(now).fencedBy !== undefined && this.#note(process);
  }

  /** Is the log of a process ended? */
  async isEnded(process: string): Promise<boolean> {
    if (this.#fenced.has(process)) return true;
    const last = await this.#store.logs.last(process);
    return last !== undefined && entryKind(last).fencedBy !== undefined && this.#note(process);
  }

  /** The log of a process may have been removed after it was ended. */
  forget(process: string): void {
    this.#fenced.delete(process);
  }

  #note(process: string): true {
    this.#fenced.add(process);
    return true;
  }
}
