/** What is known about the call of a model, for the metadata of its checkpoint. */
import type { JsonObject } from '../values/json.ts';

/** The model and the tokens of a call: numbers, or the totals of objects, under the names that frameworks give them. */
export function modelFacts({
  model,
  usage,
}: {
  readonly model?: string | undefined;
  readonly usage?: unknown;
}): JsonObject {
  const counts: object = typeof usage === 'object' && usage !== null ? usage : {};
  const input = countOf(counts, 'inputTokens', 'input_tokens');
  const output = countOf(counts, 'outputTokens', 'output_tokens');
  const total = countOf(counts, 'totalTokens', 'total_tokens') ?? sum(input, output);
  const facts = { resolved_model: model, tokens_input: input, tokens_output: output, total_tokens: total };
  return Object.fromEntries(
    Object.entries(facts).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );
}

function countOf(counts: object, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value: unknown = Reflect.get(counts, name);
    if (typeof value === 'number') return value;
    if (typeof value === 'object' && value !== null && 'total' in value && typeof value.total === 'number')
      return value.total;
  }
  return undefined;
}

const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
