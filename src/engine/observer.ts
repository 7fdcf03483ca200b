/** Protects the engine from its observers. */
import type { Inspection, Observer } from '../contracts/inspection.ts';

/** An observer whose errors are swallowed. */
export const safeObserver =
  (observe: Observer | undefined) =>
  (event: Inspection): void => {
    try {
      observe?.(event);
    } catch {
      // An observer must not throw; one that does misses this event.
    }
  };
