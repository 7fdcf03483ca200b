/** The timeout policy, for calls of your own. */
import { systemClock } from '../../engine/clock.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { TroupeError } from '../../values/failure.ts';
import { requireOptions } from '../../values/options.ts';

/** How long calls may take, in milliseconds: an answer of a model, and a call of a tool. */
export const timeoutPolicy = { model: 30_000, tool: 10_000 } as const;

/**
 * Makes a call that may take so long. After that its signal fires, and the result is a rejection with kind `timeout`, whatever the call does then.
 * @example await withTimeLimit((signal) => fetch(url, { signal }), timeoutPolicy.tool)
 */
export async function withTimeLimit<T>(
  call: (signal: AbortSignal) => T | Promise<T>,
  limit: Duration,
  options: {
    /** Ends the call earlier; none by default. */
    readonly signal?: AbortSignal;
    /** The clock that the limit is measured by; that of the system by default. */
    readonly clock?: Pick<Clock, 'now' | 'wake'>;
  } = {},
): Promise<T> {
  requireOptions('withTimeLimit', options, { signal: true, clock: true });
  const { signal, clock = systemClock() } = options;
  const time = milliseconds(limit);
  signal?.throwIfAborted();
  const stop = new AbortController();
  const done = new AbortController();
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const late = sleep(clock, time, AbortSignal.any([done.signal, ...(signal ? [signal] : [])])).then(() => {
    const error = new TroupeError(
      'timeout',
      `The call took longer than the ${time} ms that it may. Give it more time, or let it do less.`,
    );
    stop.abort(error);
    throw error;
  });
  // Whichever comes first counts; the other may still reject.
  late.catch(() => {});
  try {
    return await Promise.race([Promise.resolve(call(both)), late]);
  } finally {
    done.abort();
  }
}
