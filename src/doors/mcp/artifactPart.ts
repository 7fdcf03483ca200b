/** A long value of an artifact in parts that fit the context of a model. */
import * as z from 'zod';
import type { JsonObject } from '../../values/json.ts';

/** Characters of one part. */
const partLength = 20_000;

/** Parts of an artifact. */
export const artifactPart = {
  /** Where a part begins. */
  offset: z
    .int()
    .min(0)
    .exactOptional()
    .describe('Where a long value goes on, in characters: `next_offset` of the answer before.'),
  /** The artifact with the part of its value that begins at a character. A value that is not long comes whole. */
  of(artifact: JsonObject, offset: number): JsonObject {
    const { value = null } = artifact;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (offset === 0 && text.length <= partLength) return artifact;
    const end = Math.min(text.length, offset + partLength);
    return {
      ...artifact,
      value: text.slice(offset, end),
      value_is_part: typeof value === 'string' ? 'of a text' : 'of the JSON text of the value',
      offset,
      total_characters: text.length,
      ...(end < text.length ? { next_offset: end } : {}),
    };
  },
};
