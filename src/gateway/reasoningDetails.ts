/**
 * The details of a model's reasoning (`reasoning_details`), as OpenRouter and servers like it send them beside an answer: texts with their signatures, summaries,
 * and parts that only the provider can read. They want them back as they were, with the message.
 */
import type { SharedV3ProviderMetadata, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { MetadataExtractor } from '@ai-sdk/openai-compatible';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** Under this name they are in what the client library tells with the end of an answer. */
const place = 'reasoningDetails';

/** Follows the answers of a compatible server. All of them are read as streams. */
export const reasoningDetails: MetadataExtractor = {
  extractMetadata: async () => undefined,
  createStreamExtractor() {
    const details: JsonObject[] = [];
    return {
      processChunk: (chunk) => {
        for (const piece of piecesIn(chunk)) add(details, piece);
      },
      // The library's type for JSON is writable.
      buildMetadata: () => (details.length === 0 ? undefined : { [place]: { details: details as never } }),
    };
  },
};

/** Those that came with an answer; undefined when there were none. */
export function detailsIn(metadata: SharedV3ProviderMetadata | undefined): readonly JsonObject[] | undefined {
  // Made above.
  return metadata?.[place]?.['details'] as readonly JsonObject[] | undefined;
}

/** The options of a message with which the client library writes them into it. */
export const detailsBack = (details: readonly JsonObject[]): SharedV3ProviderOptions => ({
  // The library's type for JSON is writable.
  openaiCompatible: { reasoning_details: details as never },
});

function piecesIn(chunk: unknown): readonly JsonObject[] {
  const { choices } = propertiesOf(chunk);
  const [choice] = Array.isArray(choices) ? choices : [];
  const { reasoning_details: pieces } = propertiesOf(propertiesOf(choice)['delta']);
  // What the library has read as JSON.
  return Array.isArray(pieces) ? (pieces as Json[]).filter(isJsonObject) : [];
}

/** The parts that are written bit by bit, by their type: this property of each is joined. */
const writtenIn: Readonly<Record<string, 'text' | 'summary' | undefined>> = {
  'reasoning.text': 'text',
  'reasoning.summary': 'summary',
};

/** A piece goes on with the one before it when both are of the same part. What it says anew is added, and null says nothing. */
function add(details: JsonObject[], piece: JsonObject): void {
  const before = details.at(-1);
  const { type, index } = piece;
  const written = typeof type === 'string' ? writtenIn[type] : undefined;
  if (!before || written === undefined || before['type'] !== type || before['index'] !== index) {
    details.push(piece);
    return;
  }
  const said = Object.fromEntries(Object.entries(piece).filter(([, value]) => value !== null));
  const text = [before[written], piece[written]].filter((part) => typeof part === 'string').join('');
  details[details.length - 1] = { ...before, ...said, [written]: text };
}
