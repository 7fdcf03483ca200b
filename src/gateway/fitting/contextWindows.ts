/**
 * The context windows of models. When a provider says that a request was too long, the results of tools in it
 * are shortened, and it is sent again. What a model can read is remembered, so that the next request is not too long from the start.
 */
import { toFailure } from '../../values/failure.ts';
import type { Message, ModelRequest } from '../../contracts/model.ts';
import { propertiesOf } from '../../values/properties.ts';
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

/** Makes one attempt with the request as it is given, shortened where the model cannot read all of it. */
export type FittingAttempt = <T>(
  model: string,
  request: ModelRequest,
  attempt: (request: ModelRequest) => Promise<T>,
) => Promise<T>;

/** What is learned of a model is kept as long as the function. */
export function contextWindows(): FittingAttempt {
  /** Characters of the whole request, by the model's id. */
  const windows = new Map<string, number>();

  return (model, request, attempt) => {
    const known = windows.get(model);
    const messages = known === undefined ? undefined : shortenMessages(request.messages, known - sizeOfRest(request));
    const attemptWith = (sent: readonly Message[], tries: number): ReturnType<typeof attempt> =>
      attempt(sent === request.messages ? request : { ...request, messages: sent }).catch((thrown: unknown) => {
        const overflow = overflowIn(thrown);
        if (!overflow || tries >= maxTries) throw thrown;
        const rest = sizeOfRest(request);
        const room = roomFor(overflow, sizeOfMessages(sent) + rest);
        for (const size of [Math.min(room, enough), room]) {
          const shorter = shortenMessages(request.messages, size - rest);
          if (!shorter) continue;
          windows.set(model, size);
          return attemptWith(shorter, tries + 1);
        }
        throw thrown;
      });
    return attemptWith(messages ?? request.messages, 1);
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
