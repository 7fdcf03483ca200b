/** Lets everything that can happen without the clock happen. */

/** Turns of the event loop without a step after which nothing more is expected: what is journaled travels through promises only. */
const quiet = 5;

/** Resolves when `moved` has said the same for some turns. */
export async function settled(moved: () => number): Promise<void> {
  for (let still = 0, before = moved(); still < quiet; still++) {
    await new Promise<void>((next) => setImmediate(next));
    if (moved() === before) continue;
    before = moved();
    still = 0;
  }
}
