/** Prices of models. The table grows old: `prices` overrides it, and the price of a model that is in neither is unknown. */
import type { Usage } from '../contracts/model.ts';

/** US dollars per million tokens. */
export interface Price {
  /** For input tokens. */
  readonly input: number;
  /** For output tokens. */
  readonly output: number;
  /** For input tokens from the provider's cache; the price of input by default. */
  readonly cached?: number;
}

/** List prices as the providers published them, November 2025; a dated name (`…-20250929`) costs what its family costs. */
const list: Readonly<Record<string, Price>> = {
  'anthropic:claude-opus-4-5': { input: 5, output: 25, cached: 0.5 },
  'anthropic:claude-opus-4-1': { input: 15, output: 75, cached: 1.5 },
  'anthropic:claude-sonnet-4-5': { input: 3, output: 15, cached: 0.3 },
  'anthropic:claude-haiku-4-5': { input: 1, output: 5, cached: 0.1 },
  'openai:gpt-5': { input: 1.25, output: 10, cached: 0.125 },
  'openai:gpt-5-mini': { input: 0.25, output: 2, cached: 0.025 },
  'openai:gpt-5-nano': { input: 0.05, output: 0.4, cached: 0.005 },
  'openai:gpt-4.1': { input: 2, output: 8, cached: 0.5 },
  'openai:gpt-4.1-mini': { input: 0.4, output: 1.6, cached: 0.1 },
  'openai:gpt-4o': { input: 2.5, output: 10, cached: 1.25 },
  'openai:gpt-4o-mini': { input: 0.15, output: 0.6, cached: 0.075 },
  'google:gemini-2.5-pro': { input: 1.25, output: 10, cached: 0.125 },
  'google:gemini-2.5-flash': { input: 0.3, output: 2.5, cached: 0.03 },
  'google:gemini-2.5-flash-lite': { input: 0.1, output: 0.4, cached: 0.01 },
};

/** Providers that run on the user's own machine, or are no models at all. */
const free = new Set(['ollama', 'offline', 'scripted']);

/** US dollars of one answer; null when the price is not known. */
export function priceOf(
  model: string,
  { inputTokens, outputTokens, cachedTokens }: Usage,
  overrides: Readonly<Record<string, Price>> = {},
): number | null {
  const price = listPriceOf(model, overrides);
  if (!price) return null;
  const { input, output, cached = input } = price;
  return (Math.max(0, inputTokens - cachedTokens) * input + cachedTokens * cached + outputTokens * output) / 1e6;
}

/** The price of a model per million tokens; undefined when it is not known. */
export const listPriceOf = (model: string, overrides: Readonly<Record<string, Price>> = {}): Price | undefined =>
  find(overrides, model) ??
  find(list, model) ??
  (free.has(model.slice(0, model.indexOf(':'))) ? { input: 0, output: 0 } : undefined);

const find = (prices: Readonly<Record<string, Price>>, model: string): Price | undefined => {
  if (Object.hasOwn(prices, model)) return prices[model];
  const family = model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '');
  return Object.hasOwn(prices, family) ? prices[family] : undefined;
};
