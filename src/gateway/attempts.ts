/** Tries models in order, each a few times, until one answers. */
import type { CallNote } from '../contracts/health.ts';
import type { FailedAttempts, Model, ModelChoice, ModelRequest, ModelScope } from '../contracts/model.ts';
import { backoff } from '../values/backoff.ts';
import { sleep } from '../values/clock.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { alwaysClosed } from './breaker.ts';
import type { AttemptMeter } from './checkedAnswer.ts';
import { withFailedAttempt } from './failedAttempts.ts';
import { contextWindows } from './fitting/contextWindows.ts';
import type { GatewayOptions } from './gatewayOptions.ts';
import { noAnswer, withBill, type FailedModel } from './noAnswer.ts';
import { saysBusy } from './pace.ts';
import { retryBudget } from './retryBudget.ts';

/** The attempts at one answer. */
export interface Attempts<T> {
  /** What was asked for, to be named in an error. */
  readonly choice: ModelChoice;
  /** The models that it stands for, in order of preference. */
  readonly models: readonly (string | Model)[];
  readonly request: ModelRequest;
  readonly scope: ModelScope;
  /** Makes one attempt. */
  attemptOnce(model: Model, request: ModelRequest, meter: AttemptMeter): Promise<T>;
  /** May no other attempt follow? */
  isLast(): boolean;
  /** Asked before every attempt but the first, with what the failed ones have used. All are made by default. */
  mayTry?(failed: FailedAttempts): boolean;
}

/** The value of the first attempt that succeeded, with what the failed ones before it have used. */
interface Answered<T> {
  readonly value: T;
  readonly failed: FailedAttempts | undefined;
}

/** So long a call waits for a busy provider that answers others, in milliseconds. */
const mostPatience = 600_000;

/** Makes what tries models: it keeps the breaker, the retries and the latest failure of each. `open` opens a model by its name. */
export function attemptsAt(open: (name: string) => Promise<Model>, options: GatewayOptions) {
  const { clock, prices = {}, onFailure, afterFailure = () => 'retry' } = options;
  const { times = 3, backoff: first = 1_000, longest = 60_000, budget } = options.retry ?? {};
  const attemptFitting = contextWindows();
  const breakerOf = perModel((id) => options.breaker?.(id) ?? alwaysClosed);
  const budgetOf = perModel(() => retryBudget(budget));
  const paceOf = perModel((id) => options.pace?.(id));
  /** The message of the latest failure of each model. */
  const latestOf = perModel<{ message?: string }>(() => ({}));

  /** Milliseconds to wait; undefined when the deadline would pass first. */
  function pauseFor(tries: number, { retryAfter }: Failure, { deadline }: ModelScope): number | undefined {
    const pause = Math.max(retryAfter ?? 0, backoff(tries, { first, longest }, clock.random()));
    return deadline !== undefined && clock.now() + pause >= deadline ? undefined : pause;
  }

  /** What is told of a model that was not asked because its provider is busy. */
  const resting = (name: string, last = 'unknown') =>
    new TroupeError('transient', `${name} is busy. The last time: ${last}`);

  /** What is told of a model that is left alone after many failures. */
  const leftAlone = (name: string, last = 'unknown') =>
    new TroupeError(
      'transient',
      `${name} has failed often lately and is left alone for a while. The last time: ${last}`,
    );

  return async <T>({
    choice,
    models,
    request,
    scope,
    attemptOnce,
    isLast,
    mayTry = () => true,
  }: Attempts<T>): Promise<Answered<T>> => {
    const failures: FailedModel[] = [];
    let failed: FailedAttempts | undefined;
    for (const [index, entry] of models.entries()) {
      const name = typeof entry === 'string' ? entry : entry.id;
      const breaker = breakerOf(entry);
      const retries = budgetOf(entry);
      const latest = latestOf(entry);
      retries.called();
      const pace = paceOf(entry);
      const isLastModel = index === models.length - 1;
      const turnEnds = clock.now() + mostPatience;
      let answers = pace?.answers;
      for (let tries = 1; tries <= times; tries++) {
        if (failed && !mayTry(failed)) throw noAnswer(choice, failures, failed);
        if (pace && !isLastModel && !pace.isFree()) {
          failures.push({ model: name, failure: toFailure(resting(name, latest.message)) });
          break;
        }
        const hasTurn = await pace
          ?.begin(scope)
          .catch((thrown: unknown) => Promise.reject(withBill(toFailure(thrown), failed)));
        if (hasTurn === false || !breaker.allows(clock.now())) {
          if (hasTurn) pace?.end('failed');
          failures.push({ model: name, failure: toFailure(leftAlone(name, latest.message)) });
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
          const model = typeof entry === 'string' ? await open(entry) : entry;
          const ownMeter = (meter = { written: 0 });
          const value = await attemptFitting(model.id, request, (fitting) => attemptOnce(model, fitting, ownMeter));
          breaker.succeeded();
          pace?.end('answered');
          reportCall();
          return { value, failed };
        } catch (thrown) {
          const failure = toFailure(thrown);
          const isBusy = pace !== undefined && saysBusy(failure);
          // What a burst of calls is told is one failure of the model.
          const counts = isBusy ? pace.busy(failure) : true;
          if (!isBusy) pace?.end('failed');
          if (failure.kind === 'cancelled') throw thrown;
          if (meter) failed = withFailedAttempt(failed, name, request, failure, meter.written, prices);
          failures.push({ model: name, failure });
          if (failure.kind === 'expired') throw withBill(failure, failed);
          reportCall(failure);
          latest.message = failure.message;
          if (failure.retryable && counts) breaker.failed(clock.now(), failure);
          if (isLast()) throw thrown;
          const follows = afterFailure(failure, isLastModel);
          const mayRetry = follows === 'retry' && (failed === undefined || mayTry(failed));
          if (isBusy) {
            // Others were answered meanwhile: it was not its turn yet.
            if (pace.answers !== answers && clock.now() < turnEnds) tries--;
            answers = pace.answers;
            const wait = pace.until - clock.now();
            const goesOn =
              mayRetry && tries < times && wait < mostPatience && pace.until < (scope.deadline ?? Infinity);
            onFailure?.(name, failure, goesOn ? wait : undefined);
            if (follows === 'stop') throw noAnswer(choice, failures, failed);
            if (!goesOn) break;
            continue;
          }
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
  };
}

/** What is kept of each model. An object is a model of its own: two that have one id may be at different addresses, and one of them may be down. */
function perModel<T>(make: (id: string) => T): (model: string | Model) => T {
  const byName = new Map<string, T>();
  const byObject = new WeakMap<Model, T>();
  return (model) => {
    const known = typeof model === 'string' ? byName.get(model) : byObject.get(model);
    if (known !== undefined) return known;
    const made = make(typeof model === 'string' ? model : model.id);
    if (typeof model === 'string') byName.set(model, made);
    else byObject.set(model, made);
    return made;
  };
}
