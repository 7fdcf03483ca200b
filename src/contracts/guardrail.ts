/** What a guardrail receives, what it asks a user's code, and what that may answer, at each stage of a piece of work. */
import * as z from 'zod';
import type { AgentAnswer, AgentUsage } from './agent.ts';
import type { EffectKind } from './effect.ts';
import type { FailureKind } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { Work, WorkDone, WorkSignal, type TaskFacts } from './work.ts';
import { TreasuryAnswer, TreasuryLease } from './treasury.ts';

/** Signals to a guardrail, from a person or from its parent. */
export const GuardrailSignal = z.union([
  WorkSignal,
  /** Lets work through again, whatever stopped it. */
  z.object({ type: z.literal('guardrail.reset') }),
  /** Lets no work through until it is reset. */
  z.object({ type: z.literal('guardrail.trip'), reason: z.string() }),
  /** Ends the guardrail: work in progress is cancelled. */
  z.object({ type: z.literal('guardrail.stop'), reason: z.string() }),
]);
export type GuardrailSignal = z.infer<typeof GuardrailSignal>;

/** Everything a guardrail receives: signals, work from its parent, and the ends of work it passed on. */
export const GuardrailMessage = z.union([GuardrailSignal, Work, WorkDone, TreasuryLease, TreasuryAnswer]);

/** Why work is not let through. The kind is `denied` by default; `retryAfter` is milliseconds. */
export interface Objection {
  readonly reason: string;
  readonly kind?: FailureKind;
  readonly retryAfter?: number;
}
/** `true` lets it through; `false`, a reason or an objection does not. Anything else, `undefined` included, lets nothing through. */
export type CheckAnswer = boolean | string | Objection;

/** A task before it is done, and while it is. */
export interface AskedWork {
  readonly type: string;
  readonly body: Json;
  /** The body as a text: as it is when it is a string, otherwise as JSON. */
  readonly text: string;
  /** The member it is for, where one was chosen. */
  readonly to: string | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  readonly facts: TaskFacts;
  /** Fires when the answer is no longer waited for. */
  readonly signal: AbortSignal;
}
/** The result of a task; `text` is that of the answer. */
export interface AskedAnswer extends AskedWork {
  readonly answer: AgentAnswer;
  readonly usage: AgentUsage;
}
/** What a model has said so far in one answer. */
export interface AskedStream {
  readonly text: string;
  readonly signal: AbortSignal;
}
/** A call that a model wants to make. */
export interface AskedTool {
  readonly name: string;
  readonly input: Json;
  readonly effect: EffectKind;
  readonly signal: AbortSignal;
}

type Asked<In, Out = CheckAnswer> = (asked: In) => Out | Promise<Out>;

/** What a user's guardrail checks. Each check may call the outside, and must answer within the guardrail's `limit`. */
export interface Checks {
  readonly pre?: Asked<AskedWork>;
  readonly mid?: Asked<AskedWork>;
  readonly post?: Asked<AskedAnswer>;
  readonly stream?: Asked<AskedStream>;
  /** `{ ask: true }`: a person must agree to the call. */
  readonly tool?: Asked<AskedTool, CheckAnswer | { readonly ask: true }>;
}
