/** What a call can use at most, before it is made: the request is measured, the answer is as long as it may be, and each of the models may be the one that answers. */
import type { CallEstimate, Model, ModelRequest } from '../contracts/model.ts';
import { listPriceOf, type Price } from './prices.ts';
import { inputTokensOf } from './tokens.ts';

/** The most output tokens that one of these models may write: undefined when neither the limit nor each of the models says it. */
export function outputLimitOf(models: readonly (string | Model)[], limit: number | undefined): number | undefined {
  const limits = models.map((model) =>
    Math.min(limit ?? Infinity, (typeof model === 'string' ? undefined : model.maxOutputTokens) ?? Infinity),
  );
  const most = Math.max(...limits);
  return Number.isFinite(most) ? most : undefined;
}

/** The estimate for the dearest of the models. */
export function estimateCall(
  models: readonly (string | Model)[],
  request: ModelRequest,
  overrides: Readonly<Record<string, Price>>,
): CallEstimate {
  const prices = models.map((model) => listPriceOf(typeof model === 'string' ? model : model.id, overrides));
  const known = prices.filter((price) => price !== undefined);
  return {
    inputTokens: inputTokensOf(request),
    maxOutputTokens: outputLimitOf(models, request.maxOutputTokens),
    price:
      known.length === 0 || known.length < prices.length
        ? undefined
        : {
            input: Math.max(...known.map(({ input }) => input)),
            output: Math.max(...known.map(({ output }) => output)),
          },
  };
}
