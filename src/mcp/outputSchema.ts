/** Checks values against the JSON Schemas of servers, which are not trusted either. */
import type { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import type { Json, JsonObject } from '../values/json.ts';

/** What does not fit; undefined when the value fits, or when the schema cannot be read: then the server must check the value. */
export type SchemaCheck = (schema: JsonObject, value: Json) => Promise<string | undefined>;

const maxKept = 256;

/** A checker that compiles each schema once. */
export function schemaCheck(): SchemaCheck {
  let library: AjvJsonSchemaValidator | undefined;
  const compiled = new Map<string, ReturnType<AjvJsonSchemaValidator['getValidator']> | undefined>();

  return async (schema, value) => {
    const key = JSON.stringify(schema);
    if (!compiled.has(key)) {
      // The library keeps every schema; a new one bounds the memory when a server changes its list often.
      if (!library || compiled.size >= maxKept) {
        const { AjvJsonSchemaValidator } = await import('@modelcontextprotocol/client/validators/ajv');
        library = new AjvJsonSchemaValidator();
        compiled.clear();
      }
      compiled.set(key, compile(library, schema));
    }
    const result = compiled.get(key)?.(value);
    return result === undefined || result.valid ? undefined : describeViolation(result.errorMessage).slice(0, 500);
  };
}

/** Rewrites the validator's `data/path must be string` as `at "path": must be string`. */
const describeViolation = (message: string) =>
  message.replaceAll(
    /(^|, )data(\S*) /g,
    (_, before: string, path: string) => before + (path ? `at "${path.slice(1).replaceAll('/', '.')}": ` : 'it '),
  );

function compile(library: AjvJsonSchemaValidator, schema: JsonObject) {
  try {
    const { $id: _, ...nameless } = withoutPatterns(schema);
    return library.getValidator(nameless);
  } catch {
    return undefined;
  }
}

/** The schema without regular expressions, because a malicious one can run for hours on thirty letters. The server checks its patterns itself. */
const withoutPatterns = (schema: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(schema)
      .filter(
        ([key, value]) =>
          !(key === 'pattern' && typeof value === 'string') &&
          !(key === 'patternProperties' && isObject(value)) &&
          // The library divides binary fractions: 19.99 would be no multiple of 0.01.
          !(key === 'multipleOf' && typeof value === 'number' && !Number.isInteger(value)) &&
          // The library would print a line about each.
          !(key === 'format' && typeof value === 'string' && !formats.has(value)),
      )
      .map(([key, value]) => [key, literalKeywords.has(key) ? value : withoutPatternsInside(value)]),
  );

const withoutPatternsInside = (part: Json): Json =>
  Array.isArray(part) ? part.map(withoutPatternsInside) : isObject(part) ? withoutPatterns(part) : part;

/** The formats of JSON Schema. Languages have more for their numbers, such as `uint32`. */
const formats = new Set(
  'date time date-time duration email hostname ipv4 ipv6 uri uri-reference uri-template uuid json-pointer relative-json-pointer regex'.split(
    ' ',
  ),
);

const literalKeywords = new Set(['const', 'enum', 'default', 'examples']);
const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
