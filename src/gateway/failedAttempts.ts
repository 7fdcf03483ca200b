/** What attempts that failed have used: the provider has read the request, and may charge for what it wrote. */
import type { Failure } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import type { FailedAttempts, ModelRequest, Usage } from '../contracts/model.ts';
import { priceOf, type Price } from './prices.ts';
import { estimatedUsage } from './tokens.ts';

const nothing: Usage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reported: false, usd: 0 };

/** The bill with one attempt more. `written`: the characters that the model had written. */
export function withFailedAttempt(
  bill: FailedAttempts | undefined,
  model: string,
  request: ModelRequest,
  failure: Failure,
  written: number,
  prices: Readonly<Record<string, Price>>,
): FailedAttempts {
  const noted = propertiesOf(failure.data).written;
  const characters = Math.max(written, typeof noted === 'number' ? noted : 0);
  const usage = isUnread(failure, characters) ? nothing : estimatedUsage(request, characters);
  const cost = usage === nothing ? 0 : priceOf(model, usage, prices);
  const { answers, usage: sum } = bill ?? { answers: 0, usage: nothing };
  return {
    answers: answers + 1,
    usage: {
      inputTokens: sum.inputTokens + usage.inputTokens,
      outputTokens: sum.outputTokens + usage.outputTokens,
      cachedTokens: 0,
      reported: false,
      usd: sum.usd === null || cost === null ? null : sum.usd + cost,
    },
  };
}

/** Certainly no model has read the request: the provider refused it, or was never reached. Such an attempt is counted, and costs no tokens. */
function isUnread({ kind, data }: Failure, written: number): boolean {
  if (written > 0) return false;
  const { status, sent } = propertiesOf(data);
  const isRefused = typeof status === 'number' && status >= 400 && status < 500;
  return isRefused || sent === false || kind === 'auth' || kind === 'invalid' || kind === 'model';
}
