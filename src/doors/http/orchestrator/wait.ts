/** Requests that wait for the end of a run: how long they may, and what ends the wait. */
import type { Clock } from '../../../values/clock.ts';
import { milliseconds, type Duration } from '../../../values/duration.ts';
import { HttpRefusal } from '../base/refusal.ts';

/** Five minutes: the longest wait for the end of a run, in milliseconds. */
const longestWait = 5 * 60_000;

/** `?wait=30s` in milliseconds. Throws a refusal for what is no duration, or is longer than five minutes. */
export function waitOf(text: string): number {
  try {
    // A text that is no duration is refused by `milliseconds`.
    const wait = milliseconds((/^\d+$/.test(text) ? Number(text) : text) as Duration);
    if (wait <= longestWait) return wait;
  } catch {
    // The same answer as for a wait that is too long.
  }
  throw new HttpRefusal(400, 'invalid', `wait is a duration of at most ${longestWait / 60_000} minutes, such as 30s.`);
}

/** What `ended` resolves to, if it does in time; undefined when it does not, or one of the signals fires. */
export async function withinWait<T>(
  ended: (stop: AbortSignal) => Promise<T>,
  wait: number,
  signals: readonly AbortSignal[],
  clock: Clock,
): Promise<T | undefined> {
  const late = new AbortController();
  const timer = clock.wake(clock.now() + wait, () => late.abort());
  const stop = AbortSignal.any([...signals, late.signal]);
  try {
    return await ended(stop);
  } catch (thrown) {
    if (stop.aborted) return undefined;
    throw thrown;
  } finally {
    timer[Symbol.dispose]();
  }
}
