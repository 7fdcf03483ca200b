/** Gives each inspection event to several observers. If one of them throws or rejects, the others and the engine are not affected. */
import type { Observer } from '../contracts/inspection.ts';

/** An observer that passes each event to those that were added. */
export interface FanOut {
  readonly observe: Observer;
  /** Adds an observer; disposing what is returned removes it. */
  add(observer: Observer): Disposable;
}

/** Starts with these observers; none by default. */
export function fanOut(observers: readonly Observer[] = []): FanOut {
  // Entries, not functions: an observer that was added twice gets each event twice, and each removal takes one away.
  const entries = new Set(observers.map((observe) => ({ observe })));
  return {
    observe(event) {
      for (const { observe } of entries) {
        try {
          // The type says that nothing is returned; an async function is taken for it, and its rejection would end the process.
          const result: unknown = observe(event);
          // No `instanceof`: it may be a promise of another realm or of a library.
          if (typeof result === 'object') void Promise.resolve(result).catch(() => {});
        } catch {
          // An observer must not throw. Its error cannot be reported, because errors are reported through observers.
        }
      }
    },
    add(observe) {
      const entry = { observe };
      entries.add(entry);
      return { [Symbol.dispose]: () => void entries.delete(entry) };
    },
  };
}
