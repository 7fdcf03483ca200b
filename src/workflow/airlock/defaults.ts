/** Defaults of a schema: what a caller leaves out. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** The value with the defaults of `properties` for what is missing, also inside of objects that are there. Neither the value nor the schema is changed. */
export function withSchemaDefaults(schema: JsonObject, value: Json): Json {
  const properties = schema['properties'];
  if (!isJsonObject(value) || !isJsonObject(properties)) return value;
  const filled: Record<string, Json> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (!isJsonObject(property)) continue;
    const given = Object.hasOwn(value, name) ? value[name] : property['default'];
    if (given !== undefined) filled[name] = withSchemaDefaults(property, given);
  }
  return filled;
}
