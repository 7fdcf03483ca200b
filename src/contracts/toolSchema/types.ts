/** The types that a schema names, or that follow from what else it says. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** Names that other languages have for the types of JSON. */
const otherNames: Readonly<Record<string, string>> = {
  str: 'string',
  text: 'string',
  bool: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'number',
  double: 'number',
  decimal: 'number',
  dict: 'object',
  map: 'object',
  list: 'array',
  tuple: 'array',
  none: 'null',
};
const names = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);

/** No type: anything. `nullable` is how OpenAPI says `null`. */
export function typesIn(schema: JsonObject): string[] {
  const given = [schema['type']].flat() as readonly (Json | undefined)[];
  const found = new Set(given.flatMap(typeNamed));
  if (found.size === 0) {
    if (isJsonObject(schema['properties'])) found.add('object');
    else if (schema['items'] !== undefined || schema['prefixItems'] !== undefined) found.add('array');
  } else if (schema['nullable'] === true) found.add('null');
  return [...found];
}

function typeNamed(value: Json | undefined): string[] {
  if (typeof value !== 'string') return [];
  const name = value.toLowerCase();
  const own = Object.hasOwn(otherNames, name) ? otherNames[name] : name;
  return own !== undefined && names.has(own) ? [own] : [];
}
