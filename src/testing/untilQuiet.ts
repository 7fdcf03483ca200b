/** Waits until nothing more can happen without the clock. */

/** Event loop turns without change after which nothing more is expected: what the in-memory journal does takes promises only. */
const quiet = 5;

/** Resolves when the number that `moved` returns has stayed the same for some turns of the event loop. */
export async function untilQuiet(moved: () => number): Promise<void> {
  for (let still = 0, before = moved(); still < quiet; still++) {
    await new Promise<void>((next) => setImmediate(next));
    if (moved() === before) continue;
    before = moved();
    still = 0;
  }
}
