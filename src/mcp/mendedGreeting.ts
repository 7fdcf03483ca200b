/** The answer to `initialize` with what small servers leave out, and the client library refuses them for. */
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';

/** Adds the revision that was asked for, no capabilities, and a name. What is no answer stays as it is. */
export function mendedGreeting(value: Json, revision: unknown): Json {
  if (!isJsonObject(value) || value.method !== undefined || (value.error ?? null) !== null) return value;
  // Any document may come from an address that is no server. Some servers greet with null.
  if (value.result === undefined || (value.result !== null && !isJsonObject(value.result))) return value;
  const { protocolVersion, capabilities, serverInfo, ...rest } = objectOf(value.result);
  const { name, version, ...others } = objectOf(serverInfo);
  return {
    ...value,
    result: {
      ...rest,
      protocolVersion: typeof protocolVersion === 'string' ? protocolVersion : String(revision),
      capabilities: objectOf(capabilities),
      serverInfo: { ...others, name: textOf(name), version: textOf(version) },
    },
  };
}

const objectOf = (value: Json | undefined): JsonObject => (value !== undefined && isJsonObject(value) ? value : {});
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : 'unknown');
