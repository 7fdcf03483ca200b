/** One try at one model: watched for silence, bounded in size, stopped when its caller is. */
import type { Clock } from '../contracts/clock.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { Model, ModelPart, ModelRequest, ModelScope } from '../contracts/model.ts';

export interface Patience {
  /** Milliseconds until the first part must be there, and between two parts. */
  readonly first: number;
  readonly idle: number;
}

/** Characters of one answer; more is a model that has lost itself. */
const most = 10_000_000;

/** The parts of one answer, ending with `finish`. Throws TroupeError: a stream that ends before is `transient`. */
export async function* attempt(
  model: Model,
  request: ModelRequest,
  scope: ModelScope,
  clock: Clock,
  patience: Patience,
): AsyncGenerator<ModelPart> {
  const stop = new AbortController();
  let stopped: TroupeError | undefined;
  let refuse: (error: TroupeError) => void = () => {};
  const over = new Promise<never>((_, reject) => (refuse = reject));
  over.catch(() => {}); // Whoever waits for the next part hears of it; nobody else has to.
  const end = (error: TroupeError) => {
    stopped ??= error;
    stop.abort(error);
    refuse(stopped);
  };

  const onAbort = () => end(new TroupeError('cancelled', `The call of ${model.id} was stopped.`));
  if (scope.signal.aborted) onAbort();
  scope.signal.addEventListener('abort', onAbort, { once: true });
  const started = clock.now();
  let heard = started;
  let silence = patience.first;
  let watch: Disposable | undefined;
  const look = () => {
    const now = clock.now();
    if (scope.deadline !== undefined && now >= scope.deadline)
      return end(new TroupeError('expired', `The deadline passed before ${model.id} had answered.`));
    if (now - heard >= silence)
      return end(
        new TroupeError(
          'timeout',
          `${model.id} said nothing for ${Math.round(silence / 1000)} s. It is tried again; if this goes on, choose another model.`,
        ),
      );
    watch = clock.wake(Math.min(heard + silence, scope.deadline ?? Infinity), look);
  };
  look();

  let size = 0;
  let ended = false;
  const parts = model.stream(request, { ...scope, signal: stop.signal })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await Promise.race([parts.next(), over]);
      if (done) throw new TroupeError('transient', `The answer of ${model.id} broke off before its end.`);
      heard = clock.now();
      silence = patience.idle;
      size += value.type === 'text' || value.type === 'reasoning' ? value.text.length : 0;
      if (size > most)
        throw new TroupeError(
          'format',
          `${model.id} wrote more than ${most} characters in one answer. Ask it for less, or set maxOutputTokens.`,
        );
      // Before it is given out: whoever has the end does not ask for more.
      ended = value.type === 'finish';
      yield value;
      if (ended) return;
    }
  } catch (thrown) {
    throw stopped ?? thrown;
  } finally {
    watch?.[Symbol.dispose]();
    scope.signal.removeEventListener('abort', onAbort);
    // An answer that is whole needs no stopping; an abort would only make an error nobody reads.
    if (!ended) stop.abort();
    void parts.return?.().then(undefined, () => {});
  }
}
