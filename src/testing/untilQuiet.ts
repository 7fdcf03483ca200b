/** Waits until nothing more can happen without the clock. */

/** So many turns of the event loop without a change mean that nothing more happens: the in-memory journal needs only promises. */
const quietTurns = 5;

/** Resolves when the number that `moved` returns has stayed the same for some turns of the event loop. */
export async function untilQuiet(progressCount: () => number): Promise<void> {
  for (let still = 0, before = progressCount(); still < quietTurns; still++) {
    await new Promise<void>((next) => setImmediate(next));
    if (progressCount() === before) continue;
    before = progressCount();
    still = 0;
  }
}
