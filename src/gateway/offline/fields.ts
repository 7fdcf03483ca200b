/** Reads fields of JSON that may have any shape. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** The field of an object when it is a text; undefined otherwise. */
export const textField = (value: Json, name: string): string | undefined => {
  const field = isJsonObject(value) ? value[name] : undefined;
  return typeof field === 'string' ? field : undefined;
};

/** The field of an object when it is a number; undefined otherwise. */
export const numberField = (value: JsonObject, name: string): number | undefined => {
  const field = value[name];
  return typeof field === 'number' ? field : undefined;
};

/** Is it a list? `Array.isArray` leaves readonly lists out. */
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
