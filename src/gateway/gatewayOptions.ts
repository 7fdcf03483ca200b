/** What a gateway is opened with. */
import type { Clock } from '../values/clock.ts';
import type { Failure } from '../values/failure.ts';
import type { Breaker } from './breaker.ts';
import type { Pace } from './pace.ts';
import type { ModelTimeouts } from './patience.ts';
import type { Price } from './prices.ts';
import type { ProviderOptions } from './providers.ts';
import type { RetryBudgetOptions } from './retryBudget.ts';

/** Options of `gateway`. */
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
  /** Makes the pace of a model: calls wait while its provider is busy. By default every call is made at once. */
  readonly pace?: (model: string) => Pace;
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
