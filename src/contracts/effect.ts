/** What a machine asks of the world. The engine commits the wish first, then performs it under one key (E2). */
import type { Clock } from './clock.ts';
import type { Failure } from './failure.ts';
import type { Json } from './json.ts';

/** `pure`: no trace, repeat freely. `read`: asks the world. `write`: changes it, so an uncertain one is never repeated blindly (E7). */
export type EffectKind = 'pure' | 'read' | 'write';

/** What an effect is given beside its input. */
export interface EffectScope {
  /** The idempotency key: `actor/seq/index`, the same for every retry and after every restart. */
  readonly key: string;
  readonly actor: string;
  readonly run: string;
  /** Aborted when the machine leaves the state that asked, or the process stops. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, inherited from the actor; undefined when there is none. */
  readonly deadline: number | undefined;
  readonly clock: Clock;
  /** True when an earlier process may have performed this before it died. */
  readonly again: boolean;
  /** The entries of one of the actor's append-only lists, oldest first, as committed so far. */
  list(name: string): Promise<readonly Json[]>;
  /** What it has come to by now, for a machine that stops it and wants to keep that (`momentOf(event).soFar`); kept nowhere else. */
  soFar?(value: Json): void;
  /** Shown to whoever watches; kept nowhere. */
  progress(note: Json): void;
}

/** How an effect ended. This is what the ledger keeps under the effect's key. */
export type Outcome = { readonly ok: true; readonly output: Json } | { readonly ok: false; readonly failure: Failure };

/** Settings of an effect. Every field may be left out. */
export interface EffectOptions<Input> {
  /** `read` unless told otherwise. */
  kind?: EffectKind | ((input: Input) => EffectKind);
  /** The world honours the key: performing again under the same key changes nothing. */
  idempotent?: boolean | ((input: Input) => boolean);
  /** How often a retryable failure is tried, all under the one key, and the first pause in milliseconds (doubled each time). Once unless told otherwise. */
  retry?: { times: number; backoff?: number };
}
