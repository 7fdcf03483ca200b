/** One observer made of many. Whoever breaks is left out of that event; the engine and the others do not notice. */
import type { Observer } from '../contracts/inspection.ts';

export interface FanOut {
  readonly observe: Observer;
  add(observer: Observer): Disposable;
}

export function fanOut(observers: readonly Observer[] = []): FanOut {
  // Entries, not functions: the same observer added twice hears twice and leaves once.
  const entries = new Set(observers.map((observe) => ({ observe })));
  return {
    observe(event) {
      for (const { observe } of entries) {
        try {
          observe(event);
        } catch {
          // An observer must not throw; one that does has nobody to tell, since telling is its own job.
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
