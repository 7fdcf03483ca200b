/** The context of a guardrail: the work on its way through, what was counted, and why its breaker is open. */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Work } from '../../src/contracts/work.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { onlyWork, type SingleWorkInput } from '../member.ts';
import type { TokenBuckets } from './tokenBucket.ts';

/** A guardrail that is a supervisor gets `{ standing: true }`; one that is run by itself gets one message, and ends with that message's output. */
export type GuardrailInput = { readonly standing: true } | SingleWorkInput;

/** Why work is stopped: this guardrail rejected it, or it was cancelled from above. */
export type StopDecision =
  { readonly how: 'refused'; readonly failure: Failure } | { readonly how: 'cancelled'; readonly reason: string };

/** One piece of work on its way through. */
export interface WorkInProgress {
  readonly work: Work;
  /** The check before it, the check at its beginning, the work itself, the check after it, or being stopped. */
  readonly stage: 'pre' | 'mid' | 'task' | 'post' | 'stopping';
  /** The breaker's round in which it was admitted. */
  readonly round: number;
  readonly paused: boolean;
  /** When its latest check was asked, in milliseconds since the epoch, and how often that check was asked. */
  readonly asked?: { readonly at: number; readonly times: number };
  /** The key of the bucket that it was taken from. */
  readonly key?: string;
  /** How the work ended, while that is checked. */
  readonly output?: AgentOutput;
  readonly ending?: StopDecision;
}

export interface GuardrailContext {
  /** The one message of a guardrail that is run by itself. */
  readonly first: Work | undefined;
  /** When it began; milliseconds since the epoch. */
  readonly began: number;
  /** The work on its way through, by slot; null for a free slot, which is used again. */
  readonly passages: readonly (WorkInProgress | null)[];
  /** The supervisors behind it that were started. */
  readonly standing: readonly string[];
  readonly buckets: TokenBuckets;
  /** Failures in a row. */
  readonly failures: number;
  /** Rises whenever the breaker opens: how work that was admitted before ends is not counted any more. */
  readonly round: number;
  /** When the breaker will admit a trial; milliseconds since the epoch. */
  readonly until: number;
  /** Why the breaker is open, in words. */
  readonly why: string;
  /** The guardrail below is gone, until a reset starts it again. */
  readonly dead: boolean;
  /** Everything was cancelled, for this reason. */
  readonly cancelled: string | undefined;
  readonly output: AgentOutput | undefined;
}

export function initialGuardrailContext(input: GuardrailInput): GuardrailContext {
  return {
    first: 'type' in input ? onlyWork(input) : undefined,
    began: eventContextOf({ input }).at,
    passages: [],
    standing: [],
    buckets: {},
    failures: 0,
    round: 0,
    until: 0,
    why: '',
    dead: false,
    cancelled: undefined,
    output: undefined,
  };
}

/** Children and timers are named by the slot of their work. */
export const checkChildId = (slotIndex: number): string => `check.${slotIndex}`;
export const workChildId = (slotIndex: number): string => `task.${slotIndex}`;
export const workTimerId = (what: 'late' | 'patience' | 'watch' | 'grace', slotIndex: number): string =>
  `${what}.${slotIndex}`;
/** The id of the guardrail below. */
export const nextGuardrailId = 'below';
