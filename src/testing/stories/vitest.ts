/** Adds our matchers to Vitest: `import 'troupe/testing/vitest'`, in a test or in a setup file. */
import { expect } from 'vitest';
import { matchers } from './matchers.ts';

expect.extend(matchers);

declare module 'vitest' {
  // Vitest declares this interface with the parameter, and an addition must repeat it.
  interface Matchers<T> {
    /** The machine of a story rests in this state, or in one inside it; of parallel regions, one of them does. @example expect(story(…)).toRestIn('review.waiting') */
    toRestIn(state: string): void;
    /** It requested this effect or child (by its name in setup({ actors })), or an action of this name; with this input, when one is given. @example expect(story(…)).toHaveRequested('fetch', { url }) */
    toHaveRequested(name: string, input?: unknown): void;
    /** It appended to this list; this entry, when one is given. @example expect(story(…)).toHaveAppended('messages') */
    toHaveAppended(list: string, entry?: unknown): void;
    /** A story, an outcome or a run has ended; with these properties among others, when they are given. For a run it returns a promise. @example await expect(run).toHaveEnded({ status: 'done' }) */
    toHaveEnded(expected?: object): T extends { outcome(): Promise<unknown> } ? Promise<void> : void;
  }
}
