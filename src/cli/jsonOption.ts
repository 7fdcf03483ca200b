/** Options whose value is JSON. */
import { errorMessage } from '../values/cause.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { UsageError } from './exit.ts';
import { parseJson } from './input.ts';

/** Any JSON. Throws `UsageError`. */
export function jsonOption(name: string, given: string): Json {
  try {
    return parseJson(given);
  } catch (cause) {
    throw new UsageError(
      `${name} must be JSON, such as '{"city":"Berlin"}' or '"text"'; got ${given}: ${errorMessage(cause)}.`,
      {
        cause,
      },
    );
  }
}

/** A JSON object. Throws `UsageError`. */
export function jsonObjectOption(name: string, given: string): JsonObject {
  const value = jsonOption(name, given);
  if (isJsonObject(value)) return value;
  throw new UsageError(`${name} must be a JSON object, such as '{"topic":"actors"}'; got ${given}.`);
}
