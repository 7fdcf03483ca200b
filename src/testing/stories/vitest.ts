/** Teaches Vitest our matchers: `import 'troupe/testing/vitest'`, in a test or in a setup file. */
import { expect } from 'vitest';
import { matchers } from './matchers.ts';

expect.extend(matchers);

declare module 'vitest' {
  // The parameter is Vitest's own; a declaration that adds to it must repeat it.
  interface Matchers<T> {
    /** A story's machine rests there: in a state, or in one that is inside it. Regions are looked at each. @example toRestIn('review.waiting') */
    toRestIn(state: string): void;
    /** It asked for this effect or child (by source), or for an action of this name; with this input, when one is given. */
    toHaveWished(wish: string, input?: unknown): void;
    /** It appended to this list; this entry, when one is given. */
    toHaveAppended(list: string, entry?: unknown): void;
    /** A story, an outcome or a run has ended; with these properties among others. Of a run it gives a promise. @example await expect(run).toHaveEnded({ status: 'done' }) */
    toHaveEnded(expected?: object): T extends { outcome(): Promise<unknown> } ? Promise<void> : void;
  }
}
