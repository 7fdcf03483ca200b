/** What a guardrail is told, what it asks a user's code, and what that may answer, at each stage of a piece of work. */
import * as z from 'zod';
import type { AgentAnswer, AgentUsage } from './agent.ts';
import type { EffectKind } from './effect.ts';
import type { FailureKind } from './failure.ts';
import type { Json } from './json.ts';
import { Work, WorkDone, WorkSignal, type TaskFacts } from './work.ts';
import { TreasuryAnswer, TreasuryLease } from './treasury.ts';

/** What may be said to a guardrail by a person, or by whoever stands in front of it. */
export const GuardrailSignal = z.union([
  WorkSignal,
  /** Opens its door again, whatever shut it. */
  z.object({ type: z.literal('guardrail.reset') }),
  /** Shuts its door, until somebody resets it. */
  z.object({ type: z.literal('guardrail.trip'), reason: z.string() }),
  /** Ends it: what is under way is called off. */
  z.object({ type: z.literal('guardrail.stop'), reason: z.string() }),
]);
export type GuardrailSignal = z.infer<typeof GuardrailSignal>;

/** Everything that reaches a guardrail: signals, work from its parent, and the ends of work it handed on. */
export const GuardrailMail = z.union([GuardrailSignal, Work, WorkDone, TreasuryLease, TreasuryAnswer]);

/** Why something is not let through. `denied` unless it says another kind; `retryAfter` is milliseconds. */
export interface Objection {
  readonly reason: string;
  readonly kind?: FailureKind;
  readonly retryAfter?: number;
}
/** `true` lets it through; `false`, a reason or an objection does not. Anything else, nothing included, lets nothing through. */
export type Says = boolean | string | Objection;

/** A task before it is done, and while it is. */
export interface AskedWork {
  readonly type: string;
  readonly body: Json;
  /** The body as a text: as it is when it is one, otherwise as JSON. */
  readonly text: string;
  /** For whom it is, where somebody has chosen. */
  readonly to: string | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  readonly facts: TaskFacts;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}
/** What came of it; `text` is that of the answer. */
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

type Asked<In, Out = Says> = (asked: In) => Out | Promise<Out>;

/** What a user's guardrail looks at. Each may ask the world; each has the guardrail's `limit` to answer in. */
export interface Checks {
  readonly pre?: Asked<AskedWork>;
  readonly mid?: Asked<AskedWork>;
  readonly post?: Asked<AskedAnswer>;
  readonly stream?: Asked<AskedStream>;
  /** `{ ask: true }`: a person must agree to the call. */
  readonly tool?: Asked<AskedTool, Says | { readonly ask: true }>;
}
