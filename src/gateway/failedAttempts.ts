/** What attempts that failed have used: the provider has read the request, and may charge for what it wrote. */
import type { Failure } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import type { FailedAttempts, ModelRequest, Usage } from '../contracts/model.ts';
import { priceOf, type Price } from './prices.ts';
import { estimatedUsage } from './tokens.ts';

const nothing: Usage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reported: false, usd: 0 };

/** The bill with one attempt more; unchanged by one that was refused. `written`: the characters that the model had written. */
export function withFailedAttempt(
  bill: FailedAttempts | undefined,
  model: string,
  request: ModelRequest,
  failure: Failure,
  written: number,
  prices: Readonly<Record<string, Price>>,
): FailedAttempts | undefined {
  const noted = propertiesOf(failure.data).written;
  const characters = Math.max(written, typeof noted === 'number' ? noted : 0);
  if (characters === 0 && isRefusal(failure)) return bill;
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

/** The provider said no before a model had read the request. It is not asked the same again, so this cannot go on without an end. */
const isRefusal = ({ kind }: Failure): boolean => kind === 'auth' || kind === 'invalid' || kind === 'model';

/** Certainly no model has read the request: a limit was reached, or there was no connection. Such an attempt is counted, and costs no tokens. */
function isUnread({ data }: Failure, written: number): boolean {
  const { status, sent } = propertiesOf(data);
  const isPutOff = typeof status === 'number' && status >= 400 && status < 500;
  return written === 0 && (isPutOff || sent === false);
}
