/** Tells who waits for the end of a run. */
import type { ActorRow } from '../contracts/commit.ts';
import type { Address } from '../values/ids.ts';

/** A root that has ended. */
export interface EndedRoot {
  /** As the journal has it. */
  readonly row: ActorRow;
  /** Its run has had no other actor. */
  readonly isAlone: boolean;
}

/** Those who wait for the ends of roots of one host. */
export class RootEnds {
  readonly #listeners = new Map<Address, Set<(end: EndedRoot) => void>>();

  /** Calls when the root ends here, until the result is disposed. */
  watch(root: Address, listener: (end: EndedRoot) => void): Disposable {
    const listeners = this.#listeners.get(root) ?? new Set();
    this.#listeners.set(root, listeners.add(listener));
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(root) === listeners) this.#listeners.delete(root);
      },
    };
  }

  /** Without a row its end is not known here. */
  tell(root: Address, row: ActorRow | undefined, isAlone: boolean): void {
    const listeners = row && this.#listeners.get(root);
    if (!listeners) return;
    for (const listener of listeners) listener({ row, isAlone });
  }
}
