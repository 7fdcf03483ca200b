/**
 * Writes whose callers were rejected before the log told what became of them. The entry of such a write is still under way, so its outcome becomes known
 * later: it is kept for the caller who asks again.
 */

/** A write that was asked for. */
export interface QueuedWrite {
  readonly run: string;
  readonly method: 'commit' | 'commitAll' | 'record' | 'bury' | 'settle';
  readonly args: readonly unknown[];
  /** The write as JSON. */
  readonly text: string;
  /** Two writes with one key are the same. */
  readonly key: string;
  /** Who waits for it. */
  readonly callers: { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void }[];
}

/** The most outcomes that are kept for callers who may ask again. */
const maxKept = 1_000;

/** The unsure writes of one process. */
export class UnsureWrites {
  /** By key: the write while its outcome is open, and then its outcome. */
  readonly #writes = new Map<string, QueuedWrite | Promise<unknown>>();

  /** Call it when the callers of a write are rejected and its entry is still under way. */
  add(write: QueuedWrite): void {
    this.#writes.set(write.key, write);
  }

  /** The outcome of an earlier write with this key, or a promise of it; undefined when there was none. An outcome is given once. */
  outcomeOf(key: string): Promise<unknown> | undefined {
    const found = this.#writes.size === 0 ? undefined : this.#writes.get(key);
    if (found === undefined) return undefined;
    if (found instanceof Promise) {
      this.#writes.delete(key);
      return found;
    }
    return new Promise((resolve, reject) => found.callers.push({ resolve, reject }));
  }

  /** A write was made, with this result. */
  settle({ key, callers }: QueuedWrite, result: Promise<unknown>): void {
    result.catch(() => {}); // Perhaps nobody waits for it.
    if (callers.length > 0) {
      if (this.#writes.size > 0) this.#writes.delete(key);
      for (const { resolve } of callers) resolve(result);
    } else this.#keep(key, result);
  }

  #keep(key: string, outcome: Promise<unknown>): void {
    if (!this.#writes.has(key)) return;
    this.#writes.set(key, outcome);
    for (const [oldest, kept] of this.#writes) {
      if (this.#writes.size <= maxKept) return;
      if (kept instanceof Promise) this.#writes.delete(oldest);
    }
  }
}
