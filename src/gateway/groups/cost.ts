/** What an answer of a group costs, in exact decimal arithmetic: a price of 0.15 is no binary fraction, and sums of rounded costs drift. */
import type { GatewayProvider, ModelGroup } from '../../contracts/workflow/gatewayFile.ts';
import type { Usage } from '../../contracts/model.ts';
import { decimal } from '../../values/decimal.ts';
import { listPriceOf, type Price } from '../prices.ts';

/** Prices of the format, by the bare id of the model: what a project pays when its file names no price. */
const formatPrices: Readonly<Record<string, Price>> = {
  'claude-opus-4-6': { input: 15, output: 75 },
  'claude-sonnet-4-6': { input: 3, output: 15 },
  'claude-haiku-4-5-20251001': { input: 0.8, output: 4 },
  'claude-3-5-sonnet-20241022': { input: 3, output: 15 },
  'claude-3-5-haiku-20241022': { input: 0.8, output: 4 },
  'claude-3-opus-20240229': { input: 15, output: 75 },
  'claude-3-haiku-20240307': { input: 0.25, output: 1.25 },
  'gpt-4o': { input: 2.5, output: 10 },
  'gpt-4o-mini': { input: 0.15, output: 0.6 },
  'gpt-4-turbo': { input: 10, output: 30 },
  'gpt-3.5-turbo': { input: 0.5, output: 1.5 },
};

/** The price of a model in its group: what the group says, else the built-in tables; undefined when nobody knows. */
export function groupPrice(
  { pricing }: ModelGroup,
  provider: Pick<GatewayProvider, 'type'>,
  model: string,
): Price | undefined {
  const own = pricing.find((price) => price.model === model);
  if (own) return { input: own.input, output: own.output };
  return Object.hasOwn(formatPrices, model) ? formatPrices[model] : listPriceOf(`${provider.type}:${model}`);
}

/** US dollars, rounded once: 100 tokens at 1,000 and 10 at 2,000 per million are 0.12. */
export function exactCost({ inputTokens, outputTokens, cachedTokens }: Usage, price: Price): number {
  const { input, output, cached = input } = price;
  const parts = [
    { tokens: Math.max(0, inputTokens - cachedTokens), rate: decimal(input) },
    { tokens: Math.min(inputTokens, cachedTokens), rate: decimal(cached) },
    { tokens: outputTokens, rate: decimal(output) },
  ];
  const places = Math.max(...parts.map(({ rate }) => rate.places));
  const sum = parts.reduce(
    (total, { tokens, rate }) => total + BigInt(Math.round(tokens)) * rate.digits * 10n ** BigInt(places - rate.places),
    0n,
  );
  return Number(`${sum}e-${places + 6}`);
}
