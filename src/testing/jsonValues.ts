/** Reads and types JSON values whose shape TypeScript cannot know. */
import type * as z from 'zod';
import type { Json, JsonObject } from '../values/json.ts';

/**
 * Types a value as JSON that is JSON by how it was made: an interface has no index signature, and a schema's lists are mutable where
 * `Json` has read-only ones. Nothing is checked.
 */
export const asJson = (value: unknown): z.core.util.JSONType => value as z.core.util.JSONType;

/** True for an object that is neither null nor a list. */
export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value when it is an object, an empty object otherwise. */
export const jsonObject = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** The value when it is a list; undefined otherwise. */
export const jsonList = (value: Json | undefined): readonly Json[] | undefined =>
  Array.isArray(value) ? value : undefined;

/** The objects in a list; undefined when the value is no list. */
export const jsonObjects = (value: Json | undefined): readonly JsonObject[] | undefined =>
  jsonList(value)?.filter(isJsonObject);

/** The value when it is a text, `otherwise` when it is not. */
export const jsonText = (value: Json | undefined, otherwise = ''): string =>
  typeof value === 'string' ? value : otherwise;
