/** In which order the models of a group are asked: one order for each call. */
import type { GroupStrategy } from '../../contracts/workflow/gatewayFile.ts';
import type { ModelRequest } from '../../contracts/model.ts';
import type { Price } from '../prices.ts';
import { inputTokensOf } from '../tokens.ts';

/** What a strategy knows of a model. */
export interface RankedModel {
  /** `provider/model`. */
  readonly id: string;
  readonly price: Price | undefined;
}

/** How long models took to answer; milliseconds. */
export interface Latencies {
  /** The moving average; undefined while nothing is known. */
  of(id: string): number | undefined;
  answered(id: string, took: number): void;
  /** A failure counts as an answer that was very late: otherwise a model that never answers would be asked first for ever. */
  failed(id: string): void;
}

/** The share of the newest answer in the average. */
const share = 0.3;
/** Milliseconds. */
const veryLate = 60_000;

/** Averages that begin with nothing. */
export function latencies(): Latencies {
  const averages = new Map<string, number>();
  const add = (id: string, took: number) => {
    const known = averages.get(id);
    averages.set(id, known === undefined ? took : known + (took - known) * share);
  };
  return { of: (id) => averages.get(id), answered: add, failed: (id) => add(id, veryLate) };
}

/** Gives the order for the next call. */
export type Order = <Model extends RankedModel>(models: readonly Model[], request: ModelRequest) => readonly Model[];

/** Tokens of an answer whose limit is not known, where prices are compared. */
const usualAnswer = 1_024;

/** The order of a strategy. Round robin counts calls, also those that fail. */
export function orderOf(strategy: GroupStrategy, times: Latencies): Order {
  switch (strategy) {
    case 'fallback':
      return (models) => models;
    case 'round_robin': {
      let calls = 0;
      return (models) => {
        const first = calls++ % Math.max(1, models.length);
        return [...models.slice(first), ...models.slice(0, first)];
      };
    }
    case 'least_latency':
      return (models) => sorted(models, ({ id }) => times.of(id) ?? -1);
    case 'cost_optimized':
      return (models, request) => {
        const [read, written] = [inputTokensOf(request), request.maxOutputTokens ?? usualAnswer];
        return sorted(models, ({ price }) => (price ? read * price.input + written * price.output : Infinity));
      };
  }
}

/** Equal ones stay in the order of the file. */
const sorted = <Model>(models: readonly Model[], rank: (model: Model) => number): readonly Model[] =>
  models
    .map((model) => ({ model, at: rank(model) }))
    .sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1))
    .map(({ model }) => model);
