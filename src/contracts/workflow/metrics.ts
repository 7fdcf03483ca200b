/** What steps have used. */
import type { StepEnd, StepMetrics } from './step.ts';

/** Nothing was used. One value for all steps: it is frozen. */
export const noMetrics: StepMetrics = Object.freeze({
  duration_ms: 0,
  tokens_in: 0,
  tokens_out: 0,
  cost_usd: 0,
  llm_calls: 0,
  tool_calls: 0,
});

/** What a step has used, by its end. */
export const usedMetrics = ({ metrics }: Pick<StepEnd, 'metrics'>): StepMetrics => metrics ?? noMetrics;
