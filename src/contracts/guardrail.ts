/** What a guardrail receives, what it asks a user's code, and what that may answer, at each stage of a piece of work. */
import * as z from 'zod';
import type { AgentAnswer, AgentUsage } from './agent.ts';
import type { EffectKind } from './effect.ts';
import type { MediaPart } from './media.ts';
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

/** Why work is not let through. */
export interface Objection {
  /** Why not, in words for people and models. */
  readonly reason: string;
  /** The kind of the failure that the sender gets; `denied` by default. */
  readonly kind?: FailureKind;
  /** In how many milliseconds it may be tried again; absent when waiting does not help. */
  readonly retryAfter?: number;
}
/** What a check may answer: `true` lets the work through; `false`, a reason or an objection does not. Anything else, `undefined` included, lets nothing through. */
export type CheckAnswer = boolean | string | Objection;

/** A task before it is done, and while it is done. */
export interface GuardedWork {
  /** The name of the message in the member's protocol: `task` for a text, and the name of the tool for a guarded tool. */
  readonly type: string;
  /** What the message says, as JSON. */
  readonly body: Json;
  /** The body as a text: as it is when it is a string, otherwise as JSON. */
  readonly text: string;
  /** Images, audio and files beside the message, without their bytes; empty when there are none. They are passed on as they are. */
  readonly parts: readonly MediaPart[];
  /** The member it is for, where one was chosen. */
  readonly to: string | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  /** The task's own timeout, budget, deadline and metadata, where it has them. */
  readonly facts: TaskFacts;
  /** Fires when the answer is no longer waited for. */
  readonly signal: AbortSignal;
}
/** The result of a task; `text` is that of the answer. */
export interface GuardedAnswer extends GuardedWork {
  /** The message that the member answered with. */
  readonly answer: AgentAnswer;
  /** What the member used for it. */
  readonly usage: AgentUsage;
}
/** What was said so far: one text of a model's answer, or what a tool is called with or has answered. */
export interface GuardedStream {
  /** The text from its beginning to here; the arguments of a call as JSON. */
  readonly text: string;
  /** `text`: the answer. `reasoning`: the model's reasoning. `call`: the arguments of a call, or a final answer in the form of a call. `result`: what a tool answered. */
  readonly of: 'text' | 'reasoning' | 'call' | 'result';
  /** What the text was made of, where it is JSON: the whole call. */
  readonly value?: Json;
  /** Fires when the model's answer is no longer waited for. */
  readonly signal: AbortSignal;
}
/** A call that a model wants to make. */
export interface GuardedToolCall {
  /** The name of the tool. */
  readonly name: string;
  /** The arguments that the model gave. */
  readonly input: Json;
  /** What the tool does outside: `pure`, `read` or `write`. */
  readonly effect: EffectKind;
  /** Fires when the call is no longer wanted. */
  readonly signal: AbortSignal;
}

type Check<In, Out = CheckAnswer> = (asked: In) => Out | Promise<Out>;

/** What a user's guardrail checks. Each check may call the outside, and must answer within the guardrail's `limit`. */
export interface Checks {
  /** Asked before the work begins. */
  readonly pre?: Check<GuardedWork>;
  /** Asked while the work goes on: once, or every so often where the guardrail says how often. */
  readonly mid?: Check<GuardedWork>;
  /** Asked about the result before it is passed on. */
  readonly post?: Check<GuardedAnswer>;
  /**
   * Asked while a model answers, before each new part of its text, its reasoning and its calls is shown, and before a tool's call and result are. Where
   * all of an answer is held back, it is asked when a text has grown by a sixteenth or by 4,096 characters, and at the end.
   */
  readonly stream?: Check<GuardedStream>;
  /** Asked about each call that a model wants to make; `{ ask: true }`: a person must agree to it. */
  readonly tool?: Check<GuardedToolCall, CheckAnswer | { readonly ask: true }>;
}
