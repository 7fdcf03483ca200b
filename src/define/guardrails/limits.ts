/** Guardrails that limit work: its time, what it uses up, how much of it comes, and that it ends with a cancel. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import type { Budget } from '../../contracts/agent.ts';
import type { TaskFacts, Work } from '../../contracts/work.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { parseDefinition } from '../../values/explain.ts';
import type { Json } from '../../values/json.ts';
import { make, type GuardrailOptions } from './make.ts';
import { BudgetGuardrailSchema, CheckSchema, RateLimitSchema, TimeoutSchema } from './schemas.ts';

/**
 * Limits how long work may take. Work whose own timeout is longer than `max` is rejected, and work that takes longer is stopped. Fails with kind `timeout`.
 * @example guarded(clerk, [guardrails.timeout({ max: '2m' })])
 */
export function timeout(
  options: GuardrailOptions & {
    /** The longest time for one piece of work, as a duration or in milliseconds; no limit by default. */
    readonly max?: Duration;
    /** Rejects work without a timeout of its own (for an agent or a team, its `deadline`); false by default. */
    readonly requireExplicit?: boolean;
  },
): Guardrail {
  const { max, requireExplicit = false } = parseDefinition(TimeoutSchema, options, 'guardrails.timeout');
  return make('timeout', options, {
    rule: { kind: 'timeout', max: max === undefined ? undefined : milliseconds(max), requireExplicit },
  });
}

/**
 * Limits what work may use up. Work that asks for more is rejected before it begins, and work under way is stopped at the limit. Work that used
 * more nevertheless is rejected afterwards, and its answer is kept as `partial`. Fails with kind `budget`.
 * @example guarded(clerk, [guardrails.budget({ steps: 8, usd: 0.2 })])
 */
export function budget(
  options: GuardrailOptions &
    Budget & {
      /** Rejects work without a budget of its own; false by default. */
      readonly requireExplicit?: boolean;
      /** Lets work in although nothing is left of the budget of its run; false by default. */
      readonly allowExhausted?: boolean;
    },
): Guardrail {
  const {
    requireExplicit = false,
    allowExhausted = false,
    ...rest
  } = parseDefinition(BudgetGuardrailSchema, options, 'guardrails.budget');
  const { steps, tokens, usd, toolCalls } = rest;
  const limits: Budget = {
    ...(steps === undefined ? {} : { steps }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(usd === undefined ? {} : { usd }),
    ...(toolCalls === undefined ? {} : { toolCalls }),
  };
  return make('budget', options, { rule: { kind: 'budget', limits, requireExplicit, allowExhausted } });
}

/**
 * Limits tasks, or tokens of models, within `per`, for each key, by a token bucket that fills steadily. Work above the limit is rejected with kind
 * `transient` and `retryAfter`. A task that a later guardrail rejects does not count. In a team the counts last as long as its run; for a guarded
 * tool, as long as this process.
 * @example guardrails.rateLimit({ tasks: 10, per: '1m', key: ({ facts }) => JSON.stringify(facts.metadata?.['user']) })
 */
export function rateLimit(
  options: GuardrailOptions & {
    /** How many tasks within `per`; no limit by default. Tasks, tokens or both are needed. */
    readonly tasks?: number;
    /** How many tokens of models within `per`, input and output; no limit by default. */
    readonly tokens?: number;
    /** The time that the limit is for, as a duration or in milliseconds. */
    readonly per: Duration;
    /** The key of the bucket that a task counts for. Pure: no clock, no I/O. One bucket for all tasks by default. */
    readonly key?: (work: RateLimitKeyInput) => string;
  },
): Guardrail {
  const { tasks, tokens, per } = parseDefinition(RateLimitSchema, options, 'guardrails.rateLimit');
  const { key } = options;
  const keyOf = key ? (work: Work) => key(keyInputOf(work)) : () => 'all';
  return make('rateLimit', options, { rule: { kind: 'rateLimit', tasks, tokens, per: milliseconds(per), keyOf } });
}

/** What the key of a rate limit may depend on. */
export interface RateLimitKeyInput {
  /** The name of the message. */
  readonly type: string;
  /** Its body. */
  readonly body: Json;
  /** The member it is for; undefined where it is for the only one. */
  readonly to: string | undefined;
  /** What is known about its task, such as `metadata`. */
  readonly facts: TaskFacts;
}
const keyInputOf = ({ message: { type, body }, to, facts }: Work): RateLimitKeyInput => ({ type, body, to, facts });

/**
 * After a cancel, new work is rejected, and work under way fails with kind `cancelled` and keeps what it had as `partial`.
 * @example guarded(clerk, [guardrails.cancellation()])
 */
export const cancellation = (options: GuardrailOptions = {}): Guardrail => {
  parseDefinition(CheckSchema, options, 'guardrails.cancellation');
  return make('cancellation', options, { rule: { kind: 'cancellation' } });
};
