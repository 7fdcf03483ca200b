/** Reads one entry of a server's list of tools. What can be mended is mended; an entry without a usable name or schema is left out, with the reason. */
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import type { ServerTool } from './keepAlive.ts';

/** The tool, when there is one; the problem, when something about the entry was wrong and a person should know. */
export interface ReadTool {
  readonly tool?: ServerTool;
  readonly problem?: string;
}

/** `number` says which entry it is, from 1: one without a name has nothing else to be called by. */
export function readServerTool(entry: unknown, number: number): ReadTool {
  const { name, description, inputSchema, outputSchema, annotations } = propertiesOf(entry);
  if (typeof name !== 'string' || name === '')
    return { problem: `entry ${number} of the list has no name, and is left out` };
  const label = `Tool ${JSON.stringify(name.slice(0, 128))}`;
  const input = readInput(inputSchema);
  if (!input) return { problem: `${label} is left out: its input schema is no JSON Schema of an object` };
  const { readOnlyHint, idempotentHint } = propertiesOf(annotations);
  const isBad = outputSchema !== undefined && outputSchema !== null && !isJsonObject(outputSchema as JsonObject);
  return {
    tool: {
      name,
      description: typeof description === 'string' ? description : '',
      input,
      // The wire is JSON, so an object is one of JSON.
      output: isBad ? null : ((outputSchema ?? null) as JsonObject | null),
      readOnly: readOnlyHint === true,
      idempotent: idempotentHint === true,
    },
    ...(isBad ? { problem: `${label}: its output schema is no JSON Schema, and is not used` } : {}),
  };
}

/** The schema with `type: 'object'`, which the protocol asks for and many servers leave out; undefined when it cannot be that of an object. */
function readInput(schema: unknown): JsonObject | undefined {
  if (schema === undefined || schema === null || schema === true) return { type: 'object', properties: {} };
  // The wire is JSON.
  const json = schema as JsonObject;
  if (!isJsonObject(json)) return undefined;
  const { type } = json;
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object'));
  return isObject || type === undefined || type === null ? { ...json, type: 'object' } : undefined;
}
