/**
 * Writes whose callers were rejected before the log told what became of them. The entry of such a write is still under way, so its outcome becomes known
 * later: it is kept for the caller who asks again, or given to the write's `onLate`, which undoes what nobody waits for any more.
 */
import type { LoggedMethod } from './loggedMethods.ts';

/** A write that was asked for. */
export interface Write {
  readonly method: LoggedMethod;
  readonly text: string;
  /** Two writes with one key are the same. */
  readonly key: string;
  /** Who waits for it. */
  readonly callers: { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void }[];
  readonly onLate: ((outcome: Promise<unknown> | undefined) => void) | undefined;
}

/** The most outcomes that are kept for callers who may ask again. */
const maxKept = 1_000;

/** The unsure writes of one process. */
export class UnsureWrites {
  /** By key: the write while its outcome is open, and then its outcome. */
  readonly #writes = new Map<string, Write | Promise<unknown> | 'lost'>();

  /** Call it when the callers of a write are rejected and its entry is still under way. */
  add(write: Write): void {
    if (!write.onLate) this.#writes.set(write.key, write);
  }

  /** The outcome of an earlier write with this key, or a promise of it; undefined when there was none. An outcome is given once. */
  outcomeOf(key: string): Promise<unknown> | undefined {
    const found = this.#writes.size === 0 ? undefined : this.#writes.get(key);
    if (found === undefined || found === 'lost') return undefined;
    if (found instanceof Promise) {
      this.#writes.delete(key);
      return found;
    }
    return new Promise((resolve, reject) => found.callers.push({ resolve, reject }));
  }

  /** A write was applied, with this result. */
  settle(write: Write, result: unknown): void {
    const { callers, onLate, key } = write;
    this.forget(write);
    if (callers.length > 0) for (const { resolve } of callers) resolve(result);
    else {
      const outcome = Promise.resolve(result);
      outcome.catch(() => {}); // Perhaps nobody asks again.
      if (onLate) onLate(outcome);
      else this.#keep(key, outcome);
    }
  }

  /** It will never be known whether the write was applied: the journal itself must be looked at. */
  lose({ key, onLate }: Write): void {
    this.#writes.delete(key);
    if (onLate) onLate(undefined);
    else this.#keep(key, 'lost');
  }

  /** Was the outcome of such a write lost? The answer is given once. */
  wasLost(key: () => string): boolean {
    if (this.#writes.size === 0) return false;
    const found = key();
    return this.#writes.get(found) === 'lost' && this.#writes.delete(found);
  }

  /** The write was certainly not made. */
  forget({ key }: Write): void {
    if (this.#writes.size > 0) this.#writes.delete(key);
  }

  #keep(key: string, outcome: Promise<unknown> | 'lost'): void {
    this.#writes.set(key, outcome);
    for (const [oldest, kept] of this.#writes) {
      if (this.#writes.size <= maxKept) return;
      if (kept instanceof Promise || kept === 'lost') this.#writes.delete(oldest);
    }
  }
}
