/**
 * Attempts whose request fits into the context window of the model. When the provider says that a request was too long, the results of tools in it
 * are shortened, and it is sent again. What a model can read is remembered, so that the next request is not too long from the start.
 */
import type { Clock } from '../../values/clock.ts';
import { toFailure } from '../../values/failure.ts';
import type { Model, ModelPart, ModelRequest, ModelScope } from '../../contracts/model.ts';
import { propertiesOf } from '../../values/properties.ts';
import { attempt, type ModelTimeouts } from '../attempt.ts';
import type { ContextOverflow } from './overflow.ts';
import { shortenMessages, sizeOfMessages } from './shorten.ts';

/** How often one request is shortened. */
const maxTries = 4;
/** Without figures of the provider: the share that is sent, and the most characters. */
const blindShare = 1 / 8;
const blindSize = 100_000;
/** A request that was once too long is not made longer than this many characters, where its results can be shortened so far. */
const enough = 200_000;
/** What providers count is not exactly what was sent. */
const margin = 0.7;
/** Few texts have fewer characters for each token. */
const charactersPerToken = 2.5;

/** Makes attempts like `attempt`. What is learned of a model is kept as long as the function. */
export function fittingAttempts(): typeof attempt {
  /** Characters of the whole request, by the model's id. */
  const windows = new Map<string, number>();

  return async function* fittingAttempt(
    model: Model,
    request: ModelRequest,
    scope: ModelScope,
    clock: Clock,
    timeouts: ModelTimeouts,
  ): AsyncGenerator<ModelPart> {
    const known = windows.get(model.id);
    let messages = known === undefined ? undefined : shortenMessages(request.messages, known - sizeOfRest(request));
    for (let tries = 1; ; tries++) {
      let begun = false;
      const sent = messages ?? request.messages;
      try {
        for await (const part of attempt(model, { ...request, messages: sent }, scope, clock, timeouts)) {
          begun = true;
          yield part;
        }
        return;
      } catch (thrown) {
        const overflow = overflowIn(thrown);
        if (begun || !overflow || tries >= maxTries || scope.signal.aborted) throw thrown;
        const rest = sizeOfRest(request);
        const room = roomFor(overflow, sizeOfMessages(sent) + rest);
        const fitting = [Math.min(room, enough), room].find(
          (size) => (messages = shortenMessages(request.messages, size - rest)) !== undefined,
        );
        if (fitting === undefined) throw thrown;
        windows.set(model.id, fitting);
      }
    }
  };
}

/** Characters that the next request may have. */
function roomFor({ limit, sent }: ContextOverflow, size: number): number {
  if (limit !== undefined && sent !== undefined) return Math.floor((size * margin * limit) / sent);
  const blind = Math.min(size * blindShare, blindSize);
  return Math.floor(limit === undefined ? blind : Math.min(limit * charactersPerToken * margin, size / 2));
}

const sizeOfRest = ({ instructions, tools }: ModelRequest): number =>
  instructions.length +
  tools.reduce((sum, { description, input }) => sum + description.length + JSON.stringify(input).length, 0);

function overflowIn(thrown: unknown): ContextOverflow | undefined {
  const failure = toFailure(thrown);
  const overflow = failure.kind === 'model' ? propertiesOf(failure.data).overflow : undefined;
  if (typeof overflow !== 'object' || overflow === null) return undefined;
  const { limit, sent } = propertiesOf(overflow);
  return {
    ...(typeof limit === 'number' ? { limit } : {}),
    ...(typeof sent === 'number' ? { sent } : {}),
  };
}
