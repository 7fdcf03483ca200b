/** Collects what a provider wants back with its answer: the order of its parts, its reasoning, signatures and ids of items. */
import type { LanguageModelV3StreamPart, SharedV3ProviderMetadata } from '@ai-sdk/provider';
import type { ModelPart, ProviderContent } from '../contracts/model.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { detailsIn } from './reasoningDetails.ts';

type Metadata = SharedV3ProviderMetadata | undefined;

interface Piece {
  readonly type: 'reasoning' | 'text' | 'call';
  text: string;
  metadata: JsonObject | undefined;
}

/** Follows one stream. */
export interface ContentCollector {
  /** Takes the next part of the stream. */
  take(part: LanguageModelV3StreamPart): void;
  /** The images, audio and files that the model made. */
  readonly media: readonly Extract<ModelPart, { type: 'media' }>[];
  /** What was collected; undefined when the provider wants nothing back. */
  content(model: string): ProviderContent | undefined;
}

export function contentCollector(): ContentCollector {
  const pieces: Piece[] = [];
  const media: Extract<ModelPart, { type: 'media' }>[] = [];
  const open = new Map<string, Piece>();
  let details: readonly JsonObject[] | undefined;
  const begin = (type: Piece['type'], id: string, metadata: Metadata): Piece => {
    const piece: Piece = { type, text: '', metadata: merged(undefined, metadata) };
    pieces.push(piece);
    open.set(`${type} ${id}`, piece);
    return piece;
  };
  const add = (type: Piece['type'], id: string, text: string, metadata: Metadata) => {
    const piece = open.get(`${type} ${id}`) ?? begin(type, id, undefined);
    piece.text += text;
    piece.metadata = merged(piece.metadata, metadata);
  };
  return {
    media,
    take(part) {
      switch (part.type) {
        case 'reasoning-start':
          return void begin('reasoning', part.id, part.providerMetadata);
        case 'reasoning-delta':
          return add('reasoning', part.id, part.delta, part.providerMetadata);
        case 'reasoning-end':
          return add('reasoning', part.id, '', part.providerMetadata);
        case 'text-start':
          return void begin('text', part.id, part.providerMetadata);
        case 'text-delta':
          return add('text', part.id, part.delta, part.providerMetadata);
        case 'text-end':
          return add('text', part.id, '', part.providerMetadata);
        case 'file':
          return void media.push({ type: 'media', mediaType: part.mediaType, data: inBase64(part.data) });
        case 'tool-call':
          // What the provider did itself is no call of ours.
          return part.providerExecuted === true
            ? undefined
            : void begin('call', part.toolCallId, part.providerMetadata);
        case 'finish':
          details = detailsIn(part.providerMetadata);
          return undefined;
        default:
          return undefined;
      }
    },
    content(model) {
      const isPlain = pieces.every(({ type, metadata }) => type !== 'reasoning' && metadata === undefined);
      if (isPlain && !details) return undefined;
      let calls = 0;
      return {
        model,
        parts: pieces.map(({ type, text, metadata }) => {
          const more = metadata === undefined ? {} : { metadata };
          if (type === 'reasoning') return { type, text, ...more };
          return type === 'text' ? { type, length: text.length, ...more } : { type, index: calls++, ...more };
        }),
        ...(details ? { details: [...details] } : {}),
      };
    },
  };
}

const inBase64 = (data: string | Uint8Array): string =>
  typeof data === 'string' ? data : Buffer.from(data).toString('base64');

/** By provider; what comes later adds to what came before. Null says that there is nothing. */
function merged(before: JsonObject | undefined, metadata: Metadata): JsonObject | undefined {
  if (!metadata) return before;
  const known = Object.entries(metadata).flatMap(([provider, facts]) => {
    const said = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
    // The client's type for JSON allows `undefined`, which was left out.
    return said.length === 0 ? [] : [[provider, Object.fromEntries(said) as { readonly [key: string]: Json }] as const];
  });
  if (known.length === 0) return before;
  return {
    ...before,
    ...Object.fromEntries(known.map(([provider, facts]) => [provider, { ...asObject(before?.[provider]), ...facts }])),
  };
}

const asObject = (value: Json | undefined): JsonObject =>
  // Only objects are put under the name of a provider.
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};
