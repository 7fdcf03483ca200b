/** One attempt at one model: limited in time and size, stopped when its caller is stopped. */
import type { Clock } from '../values/clock.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { Model, ModelPart, ModelRequest, ModelScope } from '../contracts/model.ts';
import { readPart } from './modelParts.ts';
import { patience, type ModelTimeouts } from './patience.ts';

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
  const parsed = readPart(value);
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
  const limit = patience(model, scope, clock, timeouts);
  let size = 0;
  let ended = false;
  let parts: AsyncIterator<ModelPart> | undefined;
  try {
    // The deadline has passed, or the caller was stopped: the model is not called.
    const over = limit.over();
    if (over) throw over;
    parts = streamOf(model, request, { ...scope, signal: limit.signal });
    for (;;) {
      const next = await limit.wait(parts.next());
      if (next.done) throw new TroupeError('transient', `The answer of ${model.id} broke off before its end.`);
      const value = partOf(model, next.value);
      limit.heard();
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
    throw limit.over() ?? thrown;
  } finally {
    limit[Symbol.dispose]();
    // After a whole answer there is nothing to abort: an abort would only cause an error that is never handled.
    if (!ended) limit.abort();
    void parts?.return?.().then(undefined, () => {});
  }
}
