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
import { backoff } from '../values/backoff.ts';
import { sleep, type Clock } from '../values/clock.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { CallNote } from '../contracts/health.ts';
import { asJson, isJsonObject, withDefaults, type Json, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import type {
  CallEstimate,
  FailedAttempts,
  Model,
  ModelAnswer,
  ModelChoice,
  ModelPart,
  ModelRequest,
  ModelScope,
  ToolCall,
} from '../contracts/model.ts';
import { attempt } from './attempt.ts';
import { alwaysClosed, type Breaker } from './breaker.ts';
import { answerReader, checkedAnswer, type AttemptMeter } from './checkedAnswer.ts';
import { estimateCall } from './estimate.ts';
import { withFailedAttempt } from './failedAttempts.ts';
import { contextWindows } from './fitting/contextWindows.ts';
import { checkGatewayOptions } from './options.ts';
import { priceOf, type Price } from './prices.ts';
import { providers, type ProviderOptions } from './providers.ts';
import type { CredentialSource } from './modelKeys.ts';
import type { ModelTimeouts } from './patience.ts';
import { defaultThinkTags } from './thinkTags.ts';
import { retryBudget, type RetryBudget, type RetryBudgetOptions } from './retryBudget.ts';

/** What a gateway is opened with. */
export interface GatewayOptions extends ProviderOptions {
  /** Time and randomness. */
  readonly clock: Clock;
  /** Groups of models by name, in order of preference: `{ fast: ['openai:gpt-5-mini', 'google:gemini-2.5-flash'] }`; none by default. */
  readonly models?: Readonly<Record<string, readonly string[]>>;
  /** Prices by `provider:model`, in US dollars per million tokens; they override the built-in table. */
  readonly prices?: Readonly<Record<string, Price>>;
  /** How failed calls are repeated. */
  readonly retry?: {
    /** How many attempts each model gets; 3 by default. */
    readonly times?: number;
    /** The first pause in milliseconds; it doubles with every attempt; 1,000 by default. */
    readonly backoff?: number;
    /** The longest pause in milliseconds; 60,000 by default. */
    readonly longest?: number;
    /** How many retries there may be among all calls of a model. */
    readonly budget?: RetryBudgetOptions;
  };
  /** How long one attempt may take, in milliseconds: 120,000 until the first part, 60,000 between parts, 600,000 in all, by default. */
  readonly patience?: Partial<ModelTimeouts>;
  /**
   * Tags, without brackets, between which a model may write its reasoning in front of an answer: the text between them is reasoning and no part of the
   * answer. `['think']` by default; false to leave every text as it is.
   */
  readonly thinkTags?: readonly string[] | false;
  /** Makes the circuit breaker of a model; by default every call is let through. */
  readonly breaker?: (model: string) => Breaker;
  /**
   * What follows a failed attempt: `retry` asks the same model again, as often as `retry` allows, and then the next one; `next` asks the next one at once;
   * `stop` asks no other. `isLast`: there is no next model. `retry` by default.
   */
  readonly afterFailure?: (failure: Failure, isLast: boolean) => AfterFailure;
  /** Called after every failed attempt, with the pause in milliseconds before the next; undefined when there is none. Keys are masked. Nothing by default. */
  readonly onFailure?: (model: string, failure: Failure, pause: number | undefined) => void;
}

/** What follows a failed attempt. */
export type AfterFailure = 'retry' | 'next' | 'stop';

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
  const { clock, models: groups = {}, prices = {}, onFailure, afterFailure = () => 'retry' } = options;
  const { times = 3, backoff: first = 1_000, longest = 60_000, budget } = options.retry ?? {};
  const timeouts = withDefaults<ModelTimeouts>({ first: 120_000, idle: 60_000, whole: 600_000 }, options.patience);
  const thinkTags = options.thinkTags === false ? [] : (options.thinkTags ?? defaultThinkTags);
  const named = providers(options);
  const attemptFitting = contextWindows();
  const breakers = new Map<string, Breaker>();

  const breakerOf = (id: string): Breaker => {
    const known = breakers.get(id);
    if (known) return known;
    const made = options.breaker?.(id) ?? alwaysClosed;
    breakers.set(id, made);
    return made;
  };
  const budgets = new Map<string, RetryBudget>();
  const budgetOf = (id: string): RetryBudget => {
    const known = budgets.get(id) ?? retryBudget(budget);
    budgets.set(id, known);
    return known;
  };
  /** The message of each model's latest failure. */
  const latest = new Map<string, string>();
  const listOf = (choice: ModelChoice): readonly (string | Model)[] =>
    [choice]
      .flat()
      .flatMap((entry): readonly (string | Model)[] =>
        typeof entry === 'string' && Object.hasOwn(groups, entry) ? (groups[entry] ?? []) : [entry],
      );

  const attemptAt = (model: Model, request: ModelRequest, scope: ModelScope) =>
    attempt(model, request, scope, clock, timeouts);
  const readerOf = (request: ModelRequest, meter: AttemptMeter) => answerReader(request, thinkTags, meter);

  /** Tries models in order, each a few times. `isLast` says that no other attempt may follow. */
  async function tryAll<T>(
    { choice, request, scope, attemptOnce, isLast, mayTry = () => true }: Attempts<T>,
    failures: { model: string; failure: Failure }[] = [],
  ): Promise<{ value: T; failed: FailedAttempts | undefined }> {
    let failed: FailedAttempts | undefined;
    const list = listOf(choice);
    for (const [index, entry] of list.entries()) {
      const name = typeof entry === 'string' ? entry : entry.id;
      const breaker = breakerOf(name);
      const retries = budgetOf(name);
      retries.called();
      for (let tries = 1; tries <= times; tries++) {
        if (failed && !mayTry(failed)) throw noAnswer(choice, failures, failed);
        if (!breaker.allows(clock.now())) {
          failures.push({
            model: name,
            failure: toFailure(
              new TroupeError(
                'transient',
                `${name} has failed often lately and is left alone for a while. The last time: ${latest.get(name) ?? 'unknown'}`,
              ),
            ),
          });
          break;
        }
        const began = clock.now();
        const reportCall = (failure?: Failure) =>
          scope.progress?.({
            type: 'call',
            kind: 'model',
            name,
            took: clock.now() - began,
            ...(failure ? { failure } : {}),
          } satisfies CallNote as Json);
        // Undefined until the model is there to be asked.
        let meter: AttemptMeter | undefined;
        try {
          const model = typeof entry === 'string' ? await named.open(entry) : entry;
          const ownMeter = (meter = { written: 0 });
          const value = await attemptFitting(model.id, request, (fitting) => attemptOnce(model, fitting, ownMeter));
          breaker.succeeded();
          reportCall();
          return { value, failed };
        } catch (thrown) {
          const failure = toFailure(thrown);
          if (failure.kind === 'cancelled') throw thrown;
          if (meter) failed = withFailedAttempt(failed, name, request, failure, meter.written, prices);
          failures.push({ model: name, failure });
          if (failure.kind === 'expired') throw withBill(failure, failed);
          reportCall(failure);
          latest.set(name, failure.message);
          if (failure.retryable) breaker.failed(clock.now(), failure);
          if (isLast()) throw thrown;
          const follows = afterFailure(failure, index === list.length - 1);
          const mayRetry = follows === 'retry' && (failed === undefined || mayTry(failed));
          const wanted = failure.retryable && tries < times && mayRetry ? pauseFor(tries, failure, scope) : undefined;
          const pause = wanted !== undefined && retries.take() ? wanted : undefined;
          onFailure?.(name, failure, pause);
          if (follows === 'stop') throw noAnswer(choice, failures, failed);
          if (pause === undefined) break;
          await sleep(clock, pause, scope.signal);
        }
      }
    }
    throw noAnswer(choice, failures, failed);
  }

  /** Milliseconds to wait; undefined when the deadline would pass first. */
  function pauseFor(tries: number, { retryAfter }: Failure, { deadline }: ModelScope): number | undefined {
    const pause = Math.max(retryAfter ?? 0, backoff(tries, { first, longest }, clock.random()));
    return deadline !== undefined && clock.now() + pause >= deadline ? undefined : pause;
  }

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
        const collected = collector(onPart);
        for await (const raw of attemptAt(model, fitting, scope))
          for (const part of reader.read(raw)) {
            const answer = collected.add(priced(part));
            if (answer) return answer;
          }
        throw new TroupeError('transient', `The answer of ${model.id} broke off before its end.`);
      };
      const all = { choice, request, scope, attemptOnce, isLast: () => false };
      const { value, failed } = await tryAll(mayTry ? { ...all, mayTry } : all);
      return failed ? { ...value, failed } : value;
    },
    async *stream(choice, request, scope) {
      let begun = false;
      const { value: parts } = await tryAll({
        choice,
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

/** Puts an answer together from its parts. `add` gives the whole answer with the last of them. */
function collector(onPart: ((part: ModelPart, text: string) => void) | undefined) {
  let text = '';
  const calls: ToolCall[] = [];
  const media: NonNullable<ModelAnswer['media']> = [];
  return {
    add(part: ModelPart): ModelAnswer | undefined {
      switch (part.type) {
        case 'text':
          text += part.text;
          break;
        case 'call':
          calls.push(part.call);
          break;
        case 'media':
          // Its bytes are for no observer.
          media.push({ mediaType: part.mediaType, data: part.data });
          return undefined;
        case 'finish':
          return finished(part);
        case 'reasoning':
      }
      onPart?.(part, text);
      return undefined;
    },
  };

  function finished(part: Finish): ModelAnswer {
    const { provider, part: shown } = withoutProvider(part);
    onPart?.(shown, text);
    const { type: _, ...end } = shown;
    return { text, calls, ...end, ...provider, ...(media.length === 0 ? {} : { media }) };
  }
}

/** What is for the provider alone goes into the answer, and to no observer. */
function withoutProvider(part: Finish): { part: Finish; provider: Pick<ModelAnswer, 'provider'> } {
  const { provider, ...shown } = part;
  return provider === undefined ? { part, provider: {} } : { part: shown, provider: { provider } };
}
type Finish = Extract<ModelPart, { type: 'finish' }>;

/** The attempts at one answer. */
interface Attempts<T> {
  readonly choice: ModelChoice;
  readonly request: ModelRequest;
  readonly scope: ModelScope;
  attemptOnce(model: Model, request: ModelRequest, meter: AttemptMeter): Promise<T>;
  isLast(): boolean;
  mayTry?(failed: FailedAttempts): boolean;
}

/** The failure, with what the attempts that led to it have used. */
const withBill = ({ kind, message, retryable, data }: Failure, failed: FailedAttempts | undefined): TroupeError =>
  new TroupeError(kind, message, {
    retryable,
    data: { ...(isJsonObject(data) ? data : {}), ...(failed ? { ...failed, usage: asJson(failed.usage) } : {}) },
  });

function noAnswer(
  choice: ModelChoice,
  failures: readonly { model: string; failure: Failure }[],
  failed: FailedAttempts | undefined,
): TroupeError {
  const last = failures.at(-1)?.failure;
  if (!last)
    return new TroupeError(
      'definition',
      `No model was named: expected "provider:model", a group, a model object, or a list of them; got ${JSON.stringify(choice)}.`,
    );
  const names = new Set(failures.map(({ model }) => model));
  const message =
    names.size === 1
      ? last.message
      : `No model answered. ${[...names].map((name) => `${name}: ${failures.findLast(({ model }) => model === name)?.failure.message ?? ''}`).join(' ')}`;
  return new TroupeError(last.kind, message, {
    retryable: last.retryable,
    retryAfter: last.retryAfter,
    data: {
      models: [...names],
      tries: failures.length,
      ...reasonsOf(last),
      ...goneOf(failures),
      ...(failed ? { ...failed, usage: asJson(failed.usage) } : {}),
    },
  });
}

/** What programs tell failures apart by. */
const reasonsOf = ({ data }: Failure): JsonObject => {
  const { code, noCredit, secret } = propertiesOf(data);
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(noCredit === true ? { noCredit } : {}),
    ...(typeof secret === 'string' ? { secret } : {}),
  };
};

/** Whether the same request would fail in the same way: only when it did so with every model. */
const goneOf = (failures: readonly { failure: Failure }[]): { gone?: true } =>
  failures.every(({ failure }) => propertiesOf(failure.data).gone === true) ? { gone: true } : {};
