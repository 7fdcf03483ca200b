/** Usage of models and tools, and its sums. */
import type { AgentUsage } from '../src/contracts/agent.ts';
import type { FailedAttempts, Usage } from '../src/contracts/model.ts';

/** A usage of nothing. */
export const zeroUsage: AgentUsage = {
  steps: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  toolCalls: 0,
  usd: 0,
};

/** The sum of two usages. The cost is not known when one of them is not. */
export const addUsage = (a: AgentUsage, b: AgentUsage): AgentUsage => ({
  steps: a.steps + b.steps,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  toolCalls: a.toolCalls + b.toolCalls,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
});

/** The usage with these answers of a model. The cost is not known when the price of one of them is not. */
export const chargedUsage = (used: AgentUsage, usage: Usage, answers = 1): AgentUsage => ({
  steps: used.steps + answers,
  inputTokens: used.inputTokens + usage.inputTokens,
  outputTokens: used.outputTokens + usage.outputTokens,
  cachedTokens: used.cachedTokens + usage.cachedTokens,
  toolCalls: used.toolCalls,
  usd: used.usd === null || usage.usd === null ? null : used.usd + usage.usd,
});

/** The usage with attempts that failed, if there were any. */
export const chargedAttempts = (used: AgentUsage, failed: FailedAttempts | undefined): AgentUsage =>
  failed === undefined ? used : chargedUsage(used, failed.usage, failed.answers);

/** The tokens of one of these attempts, on average. */
export const tokensOfAttempt = ({ usage, answers }: FailedAttempts): number =>
  Math.ceil(totalTokens(usage) / Math.max(1, answers));

/** Input and output tokens together. */
export const totalTokens = ({ inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>): number =>
  inputTokens + outputTokens;
