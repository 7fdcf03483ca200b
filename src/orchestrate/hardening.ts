/** Limits and guardrails of an orchestration as the seed's JSON has them: checked, with every error at once, and turned into options. */
import * as z from 'zod';
import { came } from '../contracts/explain.ts';
import { TroupeError } from '../contracts/failure.ts';
import { conditions, given, optional } from './words.ts';

/** A whole number above zero, or nothing. */
const limit = optional(
  z
    .unknown()
    .superRefine((value, { addIssue }) => {
      if (typeof value !== 'number') addIssue({ code: 'custom', message: ` must be a number, came ${came(value)}` });
      else if (!(value > 0)) addIssue({ code: 'custom', message: ` must be > 0 if set, came ${value}` });
      else if (!Number.isSafeInteger(value))
        addIssue({ code: 'custom', message: ` must be a whole number if set, came ${value}` });
    })
    .transform((value) => value as number),
);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const RateLimit = z.strictObject({ max_tasks: limit, window_ms: limit });

/** The seed's `OrchestratorOptions`. */
export const HardeningOptions = z.strictObject({
  max_concurrent_tasks: limit,
  max_total_steps: limit,
  max_total_tasks: limit,
  default_retry_condition: conditions.schema.nullish().transform((value) => value ?? 'always'),
  guardrails: z
    .strictObject({
      timeout: optional(z.strictObject({ max_timeout_ms: limit, require_explicit_timeout: flag })),
      budget: optional(
        z.strictObject({ max_task_steps: limit, require_explicit_budget: flag, allow_exhausted_orchestrator: flag }),
      ),
      rate_limit: optional(RateLimit),
      cancellation: flag,
    })
    .nullish()
    .transform(
      (value) => value ?? { timeout: undefined, budget: undefined, rate_limit: undefined, cancellation: false },
    ),
});
export type HardeningJson = z.input<typeof HardeningOptions>;

/** What it comes to. Times are milliseconds. */
export interface Hardening {
  readonly budget: {
    readonly maxConcurrentTasks?: number;
    readonly maxTotalSteps?: number;
    readonly maxTotalTasks?: number;
  };
  readonly retry: { readonly condition: 'always' | 'onTransient' | 'never' };
  /** In the order in which they are asked: timeout, budget, rateLimit, cancellation. */
  readonly guardrails: readonly GuardrailData[];
}

export type GuardrailData =
  | { readonly kind: 'timeout'; readonly max?: number; readonly requireExplicit: boolean }
  | {
      readonly kind: 'budget';
      readonly maxTaskSteps?: number;
      readonly requireExplicit: boolean;
      readonly allowExhausted: boolean;
    }
  | { readonly kind: 'rateLimit'; readonly max: number; readonly window: number }
  | { readonly kind: 'cancellation' };

export type Validation =
  | { readonly valid: true; readonly errors: readonly [] }
  /** `error` is all of them in one line. */
  | { readonly valid: false; readonly errors: readonly string[]; readonly error: string };

/** The limits of nobody: what is not said is not limited. */
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
    budget: given({
      maxConcurrentTasks: max_concurrent_tasks,
      maxTotalSteps: max_total_steps,
      maxTotalTasks: max_total_tasks,
    }),
    retry: { condition: default_retry_condition },
    guardrails: guardrailsOf(guardrails),
  };
}

function guardrailsOf({ timeout, budget, rate_limit, cancellation }: z.output<typeof HardeningOptions>['guardrails']) {
  const list: GuardrailData[] = [];
  // One that asks for an explicit limit is kept without a maximum of its own (W13).
  if (timeout && (timeout.max_timeout_ms !== undefined || timeout.require_explicit_timeout))
    list.push(
      given({ kind: 'timeout', max: timeout.max_timeout_ms, requireExplicit: timeout.require_explicit_timeout }),
    );
  if (
    budget &&
    (budget.max_task_steps !== undefined || budget.require_explicit_budget || budget.allow_exhausted_orchestrator)
  )
    list.push(
      given({
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
  let value = json;
  if (typeof json === 'string') {
    try {
      value = JSON.parse(json);
    } catch (cause) {
      return { errors: [`the options are not JSON: ${(cause as Error).message}`] };
    }
  }
  const parsed = HardeningOptions.safeParse(value);
  const errors = [...(parsed.error?.issues.flatMap(wordsOf) ?? []), ...halfRates(value)];
  return parsed.success && errors.length === 0 ? { options: parsed.data, errors } : { errors };
}

/** Looked for beside the schema, which stops at the first sort of trouble in an object. */
function halfRates(value: unknown): string[] {
  const rate = ((value as { guardrails?: { rate_limit?: unknown } } | null)?.guardrails?.rate_limit ?? undefined) as
    { max_tasks?: unknown; window_ms?: unknown } | undefined;
  if (typeof rate !== 'object') return [];
  const isWhole = (rate.max_tasks ?? undefined) !== undefined && (rate.window_ms ?? undefined) !== undefined;
  return isWhole ? [] : ['guardrails.rate_limit requires both max_tasks and window_ms'];
}

function wordsOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join('.');
  if (issue.code === 'custom') return [`${path}${issue.message}`];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${[...issue.path, key].join('.')} is not known; check how it is written`);
  return [`${path || 'the options'}: ${issue.message.replace(/^Invalid input: /, '')}`];
}
