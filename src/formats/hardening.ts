/** Limits and guardrails of an orchestration as snake_case JSON (`--hardening`): checked, with all errors at once, and turned into options. */
import * as z from 'zod';
import { describeValue } from '../values/explain.ts';
import { reasonOf } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import type { Reconfiguration } from '../contracts/orchestration.ts';
import { retryConditions, toSnakeCase, withoutUndefined, optional } from './wireNames.ts';

/** A whole number above zero, or nothing. */
const limit = optional(
  z
    .unknown()
    .superRefine((value, { addIssue }) => {
      if (typeof value !== 'number')
        addIssue({ code: 'custom', message: ` must be a number, came ${describeValue(value)}` });
      else if (!(value > 0)) addIssue({ code: 'custom', message: ` must be > 0 if set, came ${value}` });
      else if (!Number.isSafeInteger(value))
        addIssue({ code: 'custom', message: ` must be a whole number if set, came ${value}` });
    })
    .transform((value) => Number(value)),
);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const RateLimit = z.strictObject({
  /** How many tasks. */
  max_tasks: limit,
  /** Within what time, in milliseconds. */
  window_ms: limit,
});

/** The JSON of `--hardening`, with its defaults. */
export const HardeningOptions = z.strictObject({
  /** How many tasks are worked on at once; no limit by default. */
  max_concurrent_tasks: limit,
  /** How many model answers all tasks together may take; no limit by default. */
  max_total_steps: limit,
  /** How many tasks are given out in all; no limit by default. */
  max_total_tasks: limit,
  /** When a failed attempt is repeated: `always` (the default), `on_transient` or `never`. */
  default_retry_condition: retryConditions.schema.nullish().transform((value) => value ?? 'always'),
  /** Guardrails in front of all members; none by default. */
  guardrails: z
    .strictObject({
      /** Limits the time of an attempt. */
      timeout: optional(
        z.strictObject({
          /** The longest time in milliseconds; no limit by default. */
          max_timeout_ms: limit,
          /** Rejects tasks without a timeout of their own; false by default. */
          require_explicit_timeout: flag,
        }),
      ),
      /** Limits the model answers of a task. */
      budget: optional(
        z.strictObject({
          /** The most model answers; no limit by default. */
          max_task_steps: limit,
          /** Rejects tasks without a budget of their own; false by default. */
          require_explicit_budget: flag,
          /** Lets tasks in although nothing is left of the budget of the run; false by default. */
          allow_exhausted_orchestrator: flag,
        }),
      ),
      /** Limits the tasks within a time; both fields are needed. */
      rate_limit: optional(RateLimit),
      /** Rejects tasks after a cancel; false by default. */
      cancellation: flag,
    })
    .nullish()
    .transform(
      (value) => value ?? { timeout: undefined, budget: undefined, rate_limit: undefined, cancellation: false },
    ),
});
/** The JSON of `--hardening`, as it is written. */
export type HardeningJson = z.input<typeof HardeningOptions>;

/** The options of an orchestrator that the JSON means. Times are milliseconds. */
export interface Hardening {
  /** Limits of the orchestration; a limit that is missing is none. */
  readonly budget: {
    /** How many tasks are worked on at once. */
    readonly maxConcurrentTasks?: number;
    /** How many model answers all tasks together may take. */
    readonly maxTotalSteps?: number;
    /** How many tasks are given out in all. */
    readonly maxTotalTasks?: number;
  };
  /** Further attempts. */
  readonly retry: {
    /** When a failed attempt is repeated. */
    readonly condition: 'always' | 'onTransient' | 'never';
  };
  /** In the order in which they check: timeout, budget, rateLimit, cancellation. */
  readonly guardrails: readonly GuardrailData[];
}

/** A guardrail as data. */
export type GuardrailData =
  | {
      readonly kind: 'timeout';
      /** The longest time of an attempt in milliseconds; no limit when it is missing. */
      readonly max?: number;
      /** Rejects tasks without a timeout of their own. */
      readonly requireExplicit: boolean;
    }
  | {
      readonly kind: 'budget';
      /** The most model answers of a task; no limit when it is missing. */
      readonly maxTaskSteps?: number;
      /** Rejects tasks without a budget of their own. */
      readonly requireExplicit: boolean;
      /** Lets tasks in although nothing is left of the budget of the run. */
      readonly allowExhausted: boolean;
    }
  | {
      readonly kind: 'rateLimit';
      /** How many tasks. */
      readonly max: number;
      /** Within what time, in milliseconds. */
      readonly window: number;
    }
  | { readonly kind: 'cancellation' };

/** Whether options can be used. */
export type Validation =
  | {
      readonly valid: true;
      /** None. */
      readonly errors: readonly [];
    }
  | {
      readonly valid: false;
      /** Every error, with the path of its field. */
      readonly errors: readonly string[];
      /** All errors in one line. */
      readonly error: string;
    };

/** Options without limits and guardrails. */
export const defaultOptions = () =>
  ({ default_retry_condition: 'always', guardrails: { cancellation: false } }) satisfies HardeningJson;

/**
 * Everything that is wrong with options, each with its dotted path. Takes the JSON as a text or as a value.
 * @example validateOptions({ max_total_tasks: 0 }).errors // ['max_total_tasks must be > 0 if set, came 0']
 */
export function validateOptions(json: unknown): Validation {
  const errors = read(json).errors;
  return errors.length === 0 ? { valid: true, errors: [] } : { valid: false, errors, error: errors.join('; ') };
}

/** The options as an orchestrator takes them. Throws `definition` with everything that is wrong. */
export function hardeningOf(json: unknown): Hardening {
  const { options, errors } = read(json);
  if (!options)
    throw new TroupeError('definition', `The hardening options cannot be used: ${errors.join('; ')}.`, {
      data: errors,
    });
  const { max_concurrent_tasks, max_total_steps, max_total_tasks, default_retry_condition, guardrails } = options;
  return {
    budget: withoutUndefined({
      maxConcurrentTasks: max_concurrent_tasks,
      maxTotalSteps: max_total_steps,
      maxTotalTasks: max_total_tasks,
    }),
    retry: { condition: default_retry_condition },
    guardrails: guardrailsOf(guardrails),
  };
}

/** What options change in an orchestration that runs: only what they name. A limit that is null is lifted. Throws `definition` with everything that is wrong. */
export function hardeningChanges(json: unknown): Reconfiguration {
  const { budget, retry } = hardeningOf(json);
  const { value } = parsedJson(json);
  const limitNames = { maxConcurrentTasks: 0, maxTotalSteps: 0, maxTotalTasks: 0 };
  const limits = Object.keys(limitNames).flatMap((name): [string, number | null][] => {
    const given = fieldOf(value, toSnakeCase(name));
    return given === undefined ? [] : [[name, budget[name as keyof typeof limitNames] ?? null]];
  });
  const condition = fieldOf(value, 'default_retry_condition') ?? undefined;
  return {
    ...(limits.length > 0 ? { limits: Object.fromEntries(limits) } : {}),
    ...(condition === undefined ? {} : { retry }),
  };
}

function guardrailsOf({ timeout, budget, rate_limit, cancellation }: z.output<typeof HardeningOptions>['guardrails']) {
  const list: GuardrailData[] = [];
  // One that asks for an explicit limit is kept without a maximum of its own.
  if (timeout && (timeout.max_timeout_ms !== undefined || timeout.require_explicit_timeout))
    list.push(
      withoutUndefined({
        kind: 'timeout',
        max: timeout.max_timeout_ms,
        requireExplicit: timeout.require_explicit_timeout,
      }),
    );
  if (
    budget &&
    (budget.max_task_steps !== undefined || budget.require_explicit_budget || budget.allow_exhausted_orchestrator)
  )
    list.push(
      withoutUndefined({
        kind: 'budget',
        maxTaskSteps: budget.max_task_steps,
        requireExplicit: budget.require_explicit_budget,
        allowExhausted: budget.allow_exhausted_orchestrator,
      }),
    );
  if (rate_limit?.max_tasks !== undefined && rate_limit.window_ms !== undefined)
    list.push({ kind: 'rateLimit', max: rate_limit.max_tasks, window: rate_limit.window_ms });
  if (cancellation) list.push({ kind: 'cancellation' });
  return list;
}

function read(json: unknown): { options?: z.output<typeof HardeningOptions>; errors: string[] } {
  const { value, error } = parsedJson(json);
  if (error !== undefined) return { errors: [error] };
  const parsed = HardeningOptions.safeParse(value);
  const errors = [...(parsed.error?.issues.flatMap(messagesOf) ?? []), ...incompleteRateLimit(value)];
  return parsed.success && errors.length === 0 ? { options: parsed.data, errors } : { errors };
}

/** The value that a text is in JSON; any other value as it is. */
function parsedJson(json: unknown): { value?: unknown; error?: string } {
  if (typeof json !== 'string') return { value: json };
  try {
    return { value: JSON.parse(json) };
  } catch (cause) {
    return { error: `the options are not JSON: ${reasonOf(cause)}` };
  }
}

/** Checked separately, because the schema reports only one kind of error in an object. */
function incompleteRateLimit(value: unknown): string[] {
  const rate = fieldOf(fieldOf(value, 'guardrails'), 'rate_limit') ?? undefined;
  if (typeof rate !== 'object') return [];
  const isWhole =
    (fieldOf(rate, 'max_tasks') ?? undefined) !== undefined && (fieldOf(rate, 'window_ms') ?? undefined) !== undefined;
  return isWhole ? [] : ['guardrails.rate_limit requires both max_tasks and window_ms'];
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

function messagesOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join('.');
  if (issue.code === 'custom') return [`${path}${issue.message}`];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${[...issue.path, key].join('.')} is not known; check how it is written`);
  return [`${path || 'the options'}: ${issue.message.replace(/^Invalid input: /, '')}`];
}
