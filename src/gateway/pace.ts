/**
 * The pace of a model: calls wait while its provider is busy, and after that fewer of them run at once. Without it a list of a hundred tasks fails in a
 * second when a provider takes ten calls a second, or is started anew.
 *
 * What one burst of calls is told counts once: the model rests once, and half as many calls run at once after it.
 * With every few answers one more call runs beside the others. Before the provider was busy for the first time there is no limit.
 * After five rests without an answer between them nobody waits any longer: until the next rest is over, calls are not made.
 * Calls that wait begin in their order. One that is stopped, or whose deadline has passed, waits no longer.
 */
import { longestPause, type Backoff } from '../values/backoff.ts';
import type { Clock } from '../values/clock.ts';
import { TroupeError, type Failure } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import type { ModelScope } from '../contracts/model.ts';

/** The pace of one model. */
export interface Pace {
  /** Whether a call could begin at once. */
  isFree(): boolean;
  /** Waits until a call may begin; false when nothing is answered any more. Rejects when the call is stopped, or its deadline passes. */
  begin(scope: Pick<ModelScope, 'signal' | 'deadline'>): Promise<boolean>;
  /** A call that had begun has ended. */
  end(how: 'answered' | 'failed'): void;
  /** A call that had begun was told that the provider is busy. Whether it is the first one to be told so since the model has rested. */
  busy(failure: Pick<Failure, 'retryAfter'>): boolean;
  /** Milliseconds since the epoch: when the next call may begin. */
  readonly until: number;
  /** How many calls were answered. */
  readonly answers: number;
}

/** Whether a provider takes no calls now, as opposed to one call that failed. */
export function saysBusy({ kind, retryAfter, data }: Failure): boolean {
  const { status, sent } = propertiesOf(data);
  const isBusy = status === 429 || status === 503 || status === 529;
  return kind === 'transient' && (isBusy || retryAfter !== undefined || sent === false);
}

/** What an answer adds to the number of calls that run at once: a fourth more after as many answers. */
const growth = 0.25;

/** After so many rests without an answer between them calls do not wait. */
const mostRests = 5;

/** A call that waits for its turn. */
interface Waiting {
  begin(): void;
  giveUp(): void;
}

/** The pace of a model that was not busy so far. `bounds`: of the pauses after which it is asked again. */
export function pace(clock: Clock, bounds: Backoff): Pace {
  const waiting = new Set<Waiting>();
  let limit = Infinity;
  let running = 0;
  let until = 0;
  let rests = 0;
  let answers = 0;
  let timer: Disposable | undefined;

  const hasRoom = (): boolean => clock.now() >= until && running + 1 <= limit;
  function admit(): void {
    timer?.[Symbol.dispose]();
    timer = undefined;
    for (const next of waiting) {
      if (!hasRoom()) break;
      next.begin();
    }
    if (waiting.size > 0 && clock.now() < until) timer = clock.wake(until, admit);
  }

  return {
    isFree: () => waiting.size === 0 && hasRoom(),
    begin({ signal, deadline }) {
      if (waiting.size === 0 && hasRoom()) {
        running++;
        return Promise.resolve(true);
      }
      if (rests >= mostRests) return Promise.resolve(false);
      return new Promise((resolve, reject) => {
        const late =
          deadline === undefined
            ? undefined
            : clock.wake(deadline, () => stop(new TroupeError('expired', 'The deadline passed before its turn came.')));
        const onAbort = () => stop(new TroupeError('cancelled', 'The call was stopped before its turn came.'));
        const leave = () => {
          late?.[Symbol.dispose]();
          signal.removeEventListener('abort', onAbort);
          waiting.delete(own);
        };
        const stop = (error: TroupeError) => {
          leave();
          reject(error);
        };
        const own: Waiting = {
          begin() {
            leave();
            running++;
            resolve(true);
          },
          giveUp() {
            leave();
            resolve(false);
          },
        };
        waiting.add(own);
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
        else admit();
      });
    },
    end(how) {
      running--;
      if (how === 'answered') {
        answers++;
        rests = 0;
        limit += growth;
      }
      admit();
    },
    busy({ retryAfter = 0 }) {
      const isFirst = clock.now() >= until;
      if (isFirst) {
        limit = Math.max(1, Math.min(limit, running) / 2);
        rests++;
      }
      running--;
      const pause = isFirst ? longestPause(rests, bounds) * (0.5 + clock.random() / 2) : 0;
      until = Math.max(until, clock.now() + Math.round(Math.max(retryAfter, pause)));
      if (rests >= mostRests) for (const next of waiting) next.giveUp();
      admit();
      return isFirst;
    },
    get until() {
      return until;
    },
    get answers() {
      return answers;
    },
  };
}
