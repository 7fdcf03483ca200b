/** Sends the result of a step to the orchestrator, until it has it: a step whose result is lost would never end. */
import { backoff, type Backoff } from '../../../values/backoff.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import { TroupeError, toFailure } from '../../../values/failure.ts';
import { throughJson } from '../../../values/json.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';
import { exchange, type ClientOptions } from './exchange.ts';

/** How often a result is sent, and when to give up. */
export interface CallbackOptions extends ClientOptions {
  readonly clock: Clock;
  /** Attempts, at least 1; 12 by default, which is about ten minutes. */
  readonly attempts?: number;
  /** Pauses between them; from half a second to two minutes by default. */
  readonly pauses?: Backoff;
  readonly signal?: AbortSignal;
}

/** Milliseconds for one attempt. */
const defaultTimeout = 30_000;

/**
 * Resolves when the orchestrator has taken the result. It may get it twice. Rejects with `auth` when the token does not fit and `invalid` when the
 * result is refused, at once; with the failure of the last attempt when no attempt succeeded; with `cancelled` when the signal fires.
 */
export async function sendCallback(url: string, payload: CallbackPayload, options: CallbackOptions): Promise<void> {
  const { clock, signal, attempts = 12, pauses = { first: 500, longest: 120_000 } } = options;
  const body = throughJson(payload);
  for (let attempt = 1; ; attempt++) {
    const failed = await attemptCallback({
      ...options,
      timeout: options.timeout ?? defaultTimeout,
      who: 'The orchestrator',
      url,
      body,
    });
    if (!failed) return;
    if (!failed.retryable || attempt >= attempts) throw failed;
    await sleep(clock, failed.retryAfter ?? backoff(attempt, pauses, clock.random()), signal);
  }
}

/** Why an attempt failed; undefined when it succeeded. */
async function attemptCallback(request: Parameters<typeof exchange>[0]): Promise<TroupeError | undefined> {
  try {
    const { status, retryAfter } = await exchange(request);
    if (status >= 200 && status < 300) return undefined;
    const kind = status >= 500 || status === 429 || status === 408 ? 'transient' : status === 401 ? 'auth' : 'invalid';
    return new TroupeError(kind, `The orchestrator answered the result of a step with ${status}.`, {
      data: { status },
      retryAfter,
    });
  } catch (thrown) {
    if (thrown instanceof TroupeError) return thrown;
    const { kind, message } = toFailure(thrown);
    return new TroupeError(kind, message, { cause: thrown });
  }
}
