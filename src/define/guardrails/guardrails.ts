/** All guardrails, under one name. */
import { input, output, schema } from './content.ts';
import { budget, cancellation, rateLimit, timeout } from './limits.ts';
import { guardrail } from './own.ts';
import { toolRules } from './toolRules.ts';

/** Makes guardrails for `guarded(…)` and for orchestrators. @example guarded(clerk, [guardrails.timeout({ max: '2m' })]) */
export const guardrails = {
  timeout,
  budget,
  rateLimit,
  cancellation,
  input,
  output,
  tool: toolRules,
  schema,
  guardrail,
} as const;
