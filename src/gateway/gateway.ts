/**
 * Calls models: named groups, retries, fallback, prices. API keys never leave this folder.
 *
 * GW1 Retries are made inside one call, under its key. The caller gets one answer or one failure.
 * GW2 An answer is never put together from two tries: `stream` does not change models once it has handed out a part, and `answer` starts again from
 *    the beginning.
 * GW3 An unknown price is null, never zero.
 * GW4 The retries of a model are limited to a share of its calls, so that an outage does not multiply its own load.
 * GW5 Every attempt that was not refused is accounted for, failed ones too: those before an answer in `failed`, those without one in the data of the
 *    failure. An attempt that `mayTry` does not allow is not made.
 */
import type {
  CallEstimate,
  FailedAttempts,
  Model,
  ModelAnswer,
  ModelChoice,
  ModelPart,
  ModelRequest,
  ModelScope,
} from '../contracts/model.ts';
import { TroupeError } from '../values/failure.ts';
import { withDefaults } from '../values/json.ts';
import { attempt } from './attempt.ts';
import { attemptsAt } from './attempts.ts';
import { answerReader, checkedAnswer, type AttemptMeter } from './checkedAnswer.ts';
import { collectAnswer } from './collectAnswer.ts';
import { estimateCall } from './estimate.ts';
import type { GatewayOptions } from './gatewayOptions.ts';
import type { CredentialSource } from './modelKeys.ts';
import { checkGatewayOptions } from './options.ts';
import type { ModelTimeouts } from './patience.ts';
import { priceOf } from './prices.ts';
import { providers } from './providers.ts';
import { defaultThinkTags } from './thinkTags.ts';

/** Calls models. */
export interface Gateway {
  /** The parts of one answer, as they arrive. */
  stream(choice: ModelChoice, request: ModelRequest, scope: ModelScope): AsyncIterable<ModelPart>;
  /** The models that a choice stands for, in order of preference. */
  models(choice: ModelChoice): readonly (string | Model)[];
  /** Where the key of a model came from when it was last asked; undefined for one that has none, or is an object. */
  credentialSource(model: string): CredentialSource | undefined;
  /** What a call can use at most, whichever of the models answers. */
  estimate(choice: ModelChoice, request: ModelRequest): CallEstimate;
  /**
   * One whole answer. `onPart` is called with the parts of every attempt, each with the whole text of its attempt so far. `mayTry` is asked before every
   * attempt but the first, with what the failed ones have used; by default all are made.
   */
  answer(
    choice: ModelChoice,
    request: ModelRequest,
    scope: ModelScope,
    onPart?: (part: ModelPart, text: string) => void,
    mayTry?: (failed: FailedAttempts) => boolean,
  ): Promise<ModelAnswer>;
}

/** Opens a gateway. Nothing is connected until a model is called. */
export function gateway(options: GatewayOptions): Gateway {
  checkGatewayOptions(options);
  const { clock, models: groups = {}, prices = {} } = options;
  const timeouts = withDefaults<ModelTimeouts>({ first: 120_000, idle: 60_000, whole: 600_000 }, options.patience);
  const thinkTags = options.thinkTags === false ? [] : (options.thinkTags ?? defaultThinkTags);
  const named = providers(options);
  const tryModels = attemptsAt(named.open, options);
  const listOf = (choice: ModelChoice): readonly (string | Model)[] =>
    [choice]
      .flat()
      .flatMap((entry): readonly (string | Model)[] =>
        typeof entry === 'string' && Object.hasOwn(groups, entry) ? (groups[entry] ?? []) : [entry],
      );

  const attemptAt = (model: Model, request: ModelRequest, scope: ModelScope) =>
    attempt(model, request, scope, clock, timeouts);
  const readerOf = (request: ModelRequest, meter: AttemptMeter) => answerReader(request, thinkTags, meter);

  const priced = (part: ModelPart): ModelPart => {
    if (part.type !== 'finish' || part.usage.usd !== null) return part;
    return { ...part, usage: { ...part.usage, usd: priceOf(part.model, part.usage, prices) } };
  };

  return {
    models: listOf,
    credentialSource: named.credentialSource,
    estimate: (choice, request) => estimateCall(listOf(choice), request, prices),
    async answer(choice, request, scope, onPart, mayTry) {
      const attemptOnce = async (model: Model, fitting: ModelRequest, meter: AttemptMeter): Promise<ModelAnswer> => {
        const reader = readerOf(fitting, meter);
        const collected = collectAnswer(onPart);
        for await (const raw of attemptAt(model, fitting, scope))
          for (const part of reader.read(raw)) {
            const answer = collected.add(priced(part));
            if (answer) return answer;
          }
        throw new TroupeError('transient', `The answer of ${model.id} broke off before its end.`);
      };
      const all = { choice, models: listOf(choice), request, scope, attemptOnce, isLast: () => false };
      const { value, failed } = await tryModels(mayTry ? { ...all, mayTry } : all);
      return failed ? { ...value, failed } : value;
    },
    async *stream(choice, request, scope) {
      let begun = false;
      const { value: parts } = await tryModels({
        choice,
        models: listOf(choice),
        request,
        scope,
        attemptOnce: async (model, fitting, meter) => {
          const all = checkedAnswer(attemptAt(model, fitting, scope), readerOf(fitting, meter));
          const first = await all.next();
          begun = true;
          return { first, all };
        },
        isLast: () => begun,
      });
      if (!parts.first.done) yield priced(parts.first.value);
      for await (const part of parts.all) yield priced(part);
    },
  };
}
