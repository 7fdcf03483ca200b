/** Reads and types JSON values whose shape TypeScript cannot know. */
import type * as z from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';

/**
 * Types a value as JSON that is JSON by how it was made: an interface has no index signature, and a schema's lists are mutable where
 * `Json` has read-only ones. Nothing is checked; a value whose type shows that it is JSON takes `asJson` of values.
 */
export const knownJson = (value: unknown): z.core.util.JSONType => value as z.core.util.JSONType;

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
