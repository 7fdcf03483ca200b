/** Watching must never harm what is watched. */
import type { Inspection, Observer } from '../contracts/inspection.ts';

/** An observer whose errors stay its own. */
export const guarded =
  (observe: Observer | undefined) =>
  (event: Inspection): void => {
    try {
      observe?.(event);
    } catch {
      // Whoever watches must not throw; if it does, it misses this event.
    }
  };
