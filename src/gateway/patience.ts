/** How long an attempt at a model may take. The attempt is ended when nothing comes, when all of it takes too long, at its deadline, or with its caller. */
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import type { Model, ModelScope } from '../contracts/model.ts';
import { formatDuration } from '../observe/format.ts';

/** How long one attempt may take; milliseconds. */
export interface ModelTimeouts {
  /** Until the first part arrives. */
  readonly first: number;
  /** Between two parts. */
  readonly idle: number;
  /** For the whole answer. */
  readonly whole: number;
}

/** The patience with one attempt. Disposing it ends the watch; the signal is not aborted by that. */
export interface Patience extends Disposable {
  /** Aborted when the attempt has to end. */
  readonly signal: AbortSignal;
  /** Why the attempt has to end; undefined while it may go on. */
  over(): TroupeError | undefined;
  /** A part has arrived. */
  heard(): void;
  /** What the promise gives, unless the attempt has to end before. One at a time. */
  wait<T>(promise: T | PromiseLike<T>): Promise<T>;
  /** Aborts what is still under way. */
  abort(): void;
}

/** Patience with a model, beginning now. */
export function patience(
  model: Model,
  { signal, deadline }: ModelScope,
  clock: Clock,
  limits: ModelTimeouts,
): Patience {
  const stop = new AbortController();
  let over: TroupeError | undefined;
  let refuse: ((error: TroupeError) => void) | undefined;
  const end = (error: TroupeError) => {
    over ??= error;
    stop.abort(error);
    refuse?.(over);
  };

  const onAbort = () => end(new TroupeError('cancelled', `The call of ${model.id} was stopped.`));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const started = clock.now();
  let lastPartAt = started;
  let silence = limits.first;
  const tooLate = (): TroupeError | undefined => {
    const now = clock.now();
    if (deadline !== undefined && now >= deadline)
      return new TroupeError('expired', `The deadline passed before ${model.id} had answered.`);
    if (now - lastPartAt >= silence)
      return new TroupeError(
        'timeout',
        `${model.id} said nothing for ${formatDuration(silence)}. It is tried again; if this goes on, choose another model.`,
      );
    if (now - started >= limits.whole)
      return new TroupeError(
        'timeout',
        `${model.id} had not answered within ${formatDuration(limits.whole)}. Ask it for less, or set patience.whole.`,
      );
    return undefined;
  };

  let timer: Disposable | undefined;
  let timerAt = Infinity;
  const wakeAt = (quiet: number) => {
    timer?.[Symbol.dispose]();
    timerAt = Math.min(quiet, started + limits.whole, deadline ?? Infinity);
    timer = clock.wake(timerAt, () => endOr(() => wakeAt(lastPartAt + silence)));
  };
  const endOr = (goOn: () => void) => {
    const error = tooLate();
    if (error) end(error);
    else goOn();
  };
  // After the first part the limit is another one. The timer is set for the shorter of both: so one timer is enough for an answer that comes in time.
  endOr(() => wakeAt(started + Math.min(limits.first, limits.idle)));

  return {
    signal: stop.signal,
    over: () => over,
    heard() {
      lastPartAt = clock.now();
      silence = limits.idle;
      if (lastPartAt + silence < timerAt) wakeAt(lastPartAt + silence);
    },
    wait: (promise) =>
      new Promise((resolve, reject) => {
        refuse = reject;
        if (over) reject(over);
        Promise.resolve(promise).then(resolve, reject);
      }),
    abort: () => stop.abort(),
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      signal.removeEventListener('abort', onAbort);
    },
  };
}
