/** Effects: what a machine asks for that is not pure. The engine commits the request first, then performs it under one key (E2). */
import type { Clock } from '../values/clock.ts';
import type { Failure } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { TracedPart } from './tracing.ts';
import type { KeyedCall } from './keyedCall.ts';

/** `pure`: changes nothing and reads nothing, repeat freely. `read`: reads from outside. `write`: changes something outside, so an uncertain one is never repeated blindly (E7). */
export type EffectKind = 'pure' | 'read' | 'write';

/** What an effect is given beside its input. */
export interface EffectScope {
  /** The idempotency key: `actor/seq/index`, the same for every retry and after every restart. */
  readonly key: string;
  /** The address of the actor whose machine asked for the effect. */
  readonly actor: string;
  /** The id of the run that the actor belongs to. */
  readonly run: string;
  /** Aborted when the machine leaves the state that asked for the effect, or the process stops. */
  readonly signal: AbortSignal;
  /**
   * Aborted when the process runs the actor no more: it was stopped or begun anew, or its run was given away or lost. For what an effect leaves to the next effect of its
   * actor, whenever that comes. The same for all effects until then; never when absent.
   */
  readonly gone?: AbortSignal;
  /** Milliseconds since the epoch, inherited from the actor; undefined when there is none. */
  readonly deadline: number | undefined;
  /** The time and chance of the engine; use it instead of `Date` and `Math.random`, so that tests can set it. */
  readonly clock: Clock;
  /** True when an earlier process may have performed this before it died. */
  readonly again: boolean;
  /** True when this process has performed it before, and tries a failure again; false when absent. */
  readonly isRetried?: boolean;
  /** The number of the claim under which this process has the run: another one after another process had it; 0 when absent. */
  readonly epoch?: number;
  /** How often the run was retried after it had failed; 0 when absent. */
  readonly retries?: number;
  /** The entries of one of the actor's append-only lists, oldest first, as committed so far; for an `eager` effect also those of the commit that asks for it. */
  list(name: string): Promise<readonly Json[]>;
  /** The same of another actor of the run; none when there is no such actor. An effect without it reads only its own. */
  listOf?(actor: string, name: string): Promise<readonly Json[]>;
  /** What a fold makes of the entries of one of those lists. It is kept while the actor is in memory, so that a list that grows is not read anew. */
  fold?<T>(name: string, fold: ListFold<T>): Promise<T>;
  /** Reports an intermediate result, for a machine that stops the effect and wants to keep it (`eventContextOf(event).soFar`); not stored otherwise. */
  soFar?(value: Json): void;
  /** Stores in the ledger what a long effect has done so far, beside its result. Durable when it resolves, and also after the effect was stopped. An effect without it begins anew. */
  checkpoint?(entry: Json): Promise<void>;
  /** What this effect, earlier effects of the actor, and the one that this repeats in a retried run have stored with `checkpoint`, oldest first. */
  checkpoints?(): Promise<readonly Checkpoint[]>;
  /** Shown to observers; not stored. */
  progress(note: Json): void;
  /**
   * Gives `take` what code that the effect has started throws where nothing can catch it, however late. What it does not take (false) fails the run, as all of it does
   * when nothing takes it.
   */
  takeStrays?(take: (thrown: unknown) => boolean): void;
  /** Performs a part of the effect that is traced under its own name; absent when nothing is traced. */
  traced?<T>(part: TracedPart<T>): T;
  /** For proofs: called before a function of a tool runs. Default: nothing is recorded. */
  onCall?(call: KeyedCall): void;
}

/** What an effect had done so far. */
export interface Checkpoint {
  /** The address of the actor whose effect stored it: another one in an earlier life of a retried run. */
  readonly actor: string;
  /** What was stored. */
  readonly entry: Json;
  /** True when an earlier life of a retried run stored it. Default false. */
  readonly earlier?: boolean;
}

/** A value that is computed of the entries of a list, one after the other. It is kept by this object: make it once, outside of the effect. */
export interface ListFold<T> {
  /** The value of a list without entries. */
  initial(): T;
  /** The value with one more entry. It may change the value that it is given, which nobody else changes. */
  add(value: T, entry: Json): T;
}

/** How an effect ended. The ledger stores it under the effect's key. */
export type Outcome =
  | {
      readonly ok: true;
      /** What the effect returned, as JSON; null when it returned nothing. */
      readonly output: Json;
    }
  | {
      readonly ok: false;
      /** Why it failed, after all its attempts. */
      readonly failure: Failure;
    };

/** Settings of an effect. Every field may be left out. */
export interface EffectOptions<Input, Output = unknown> {
  /** What it does outside: `pure`, `read` or `write`, also by its input. Default `read`. */
  kind?: EffectKind | ((input: Input) => EffectKind);
  /**
   * For a quick effect that changes nothing outside: it is performed before the commit that asks for it is stored. A result that comes within milliseconds is a further step of the
   * same write; one that takes longer comes by itself. Default false.
   */
  eager?: boolean;
  /** Its output is JSON that nothing changes any more: the engine keeps it as it is, and makes no copy. It must have no accessors. An output that JSON would change is copied all the same. Default false. */
  immutable?: boolean;
  /** The outside honours the key: performing again under the same key changes nothing. Default false. */
  idempotent?: boolean | ((input: Input) => boolean);
  /** What of its input says that it is the same step, when a run that failed is retried: not how much it may use up. All of it by default. */
  sameStep?: (input: Input) => Json;
  /** Performed again in every retry of a failed run, whatever it gave before: what it gives depends on this process, or on what the retry changes. Default false; a `pure` effect always is. */
  anew?: boolean;
  /**
   * The failure that an output tells of, when its machine does not go on from it: the retry of a failed run performs the effect again, as one that failed.
   * By default every output is a success.
   */
  failureIn?(output: Output, input: Input): Failure | undefined;
  /** Tries a retryable failure again, always under the same key. Default: one attempt. */
  retry?: {
    /** Attempts in all, the first included. */
    times: number;
    /** The first pause, in milliseconds; default 500. It doubles with every attempt, up to a minute. */
    backoff?: number;
  };
}
