/** One attempt at one model: limited in time and size, stopped when its caller is stopped. */
import type { Clock } from '../values/clock.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { ModelPart, type Model, type ModelRequest, type ModelScope } from '../contracts/model.ts';
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

/** The most characters of one answer; a model that writes more does not end by itself. */
const maxCharacters = 10_000_000;

function streamOf(model: Model, request: ModelRequest, scope: ModelScope): AsyncIterator<ModelPart> {
  const stream: Partial<AsyncIterable<ModelPart>> | undefined = model.stream(request, scope);
  const iterator = stream?.[Symbol.asyncIterator]?.();
  if (iterator) return iterator;
  throw new TroupeError(
    'definition',
    `The model ${model.id} must stream its answer: async *stream(request, scope) { … }.`,
  );
}

/** Users may write models: every part is checked before it is used. */
function partOf(model: Model, value: unknown): ModelPart {
  const parsed = ModelPart.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TroupeError(
    'format',
    `The model ${model.id} yielded what is no part of an answer: ${describeMismatch(parsed.error, value)}.`,
  );
}

/** The parts of one answer, ending with `finish`. Throws TroupeError: a stream that ends before is `transient`. */
export async function* attempt(
  model: Model,
  request: ModelRequest,
  scope: ModelScope,
  clock: Clock,
  timeouts: ModelTimeouts,
): AsyncGenerator<ModelPart> {
  const stop = new AbortController();
  let stopped: TroupeError | undefined;
  let refuse: (error: TroupeError) => void = () => {};
  const over = new Promise<never>((_, reject) => (refuse = reject));
  over.catch(() => {}); // The loop below rejects with it; when there is no loop, it must not count as an unhandled rejection.
  const end = (error: TroupeError) => {
    stopped ??= error;
    stop.abort(error);
    refuse(stopped);
  };

  const onAbort = () => end(new TroupeError('cancelled', `The call of ${model.id} was stopped.`));
  if (scope.signal.aborted) onAbort();
  scope.signal.addEventListener('abort', onAbort, { once: true });
  const started = clock.now();
  let lastPartAt = started;
  let silenceLimit = timeouts.first;
  let timer: Disposable | undefined;
  const checkTimeouts = () => {
    const now = clock.now();
    if (scope.deadline !== undefined && now >= scope.deadline)
      return end(new TroupeError('expired', `The deadline passed before ${model.id} had answered.`));
    if (now - lastPartAt >= silenceLimit)
      return end(
        new TroupeError(
          'timeout',
          `${model.id} said nothing for ${formatDuration(silenceLimit)}. It is tried again; if this goes on, choose another model.`,
        ),
      );
    if (now - started >= timeouts.whole)
      return end(
        new TroupeError(
          'timeout',
          `${model.id} had not answered within ${formatDuration(timeouts.whole)}. Ask it for less, or set patience.whole.`,
        ),
      );
    timer = clock.wake(
      Math.min(lastPartAt + silenceLimit, started + timeouts.whole, scope.deadline ?? Infinity),
      checkTimeouts,
    );
  };
  checkTimeouts();

  // The deadline has passed, or the caller was stopped: the model is not called.
  if (stopped) {
    scope.signal.removeEventListener('abort', onAbort);
    throw stopped;
  }
  let size = 0;
  let ended = false;
  let parts: AsyncIterator<ModelPart> | undefined;
  try {
    parts = streamOf(model, request, { ...scope, signal: stop.signal });
    for (;;) {
      const next = await Promise.race([parts.next(), over]);
      if (next.done) throw new TroupeError('transient', `The answer of ${model.id} broke off before its end.`);
      const value = partOf(model, next.value);
      lastPartAt = clock.now();
      if (silenceLimit !== timeouts.idle) {
        silenceLimit = timeouts.idle;
        timer?.[Symbol.dispose]();
        checkTimeouts();
      }
      size += value.type === 'text' || value.type === 'reasoning' ? value.text.length : 0;
      if (size > maxCharacters)
        throw new TroupeError(
          'format',
          `${model.id} wrote more than ${maxCharacters} characters in one answer. Ask it for less, or set maxOutputTokens.`,
        );
      // Set before the part is yielded: after `finish` the caller asks for no more parts.
      ended = value.type === 'finish';
      yield value;
      if (ended) return;
    }
  } catch (thrown) {
    throw stopped ?? thrown;
  } finally {
    timer?.[Symbol.dispose]();
    scope.signal.removeEventListener('abort', onAbort);
    // After a whole answer there is nothing to abort: an abort would only cause an error that is never handled.
    if (!ended) stop.abort();
    void parts?.return?.().then(undefined, () => {});
  }
}
