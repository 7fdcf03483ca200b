/** Checks values against other people's JSON Schema, without trusting the schema either. */
import type { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import type { Json, JsonObject } from '../contracts/json.ts';

/** What does not fit, in words; undefined when it fits, or when the schema is one we cannot read: then its server must judge. */
export type Misfit = (schema: JsonObject, value: Json) => Promise<string | undefined>;

const maxKept = 256;

export function schemaChecker(): Misfit {
  let library: AjvJsonSchemaValidator | undefined;
  const compiled = new Map<string, ReturnType<AjvJsonSchemaValidator['getValidator']> | undefined>();

  return async (schema, value) => {
    const key = JSON.stringify(schema);
    if (!compiled.has(key)) {
      // The library never forgets a schema; a server that changes its list all day must not fill the memory.
      if (!library || compiled.size >= maxKept) {
        const { AjvJsonSchemaValidator } = await import('@modelcontextprotocol/client/validators/ajv');
        library = new AjvJsonSchemaValidator();
        compiled.clear();
      }
      compiled.set(key, compile(library, schema));
    }
    const result = compiled.get(key)?.(value);
    return result === undefined || result.valid ? undefined : inOurWords(result.errorMessage).slice(0, 500);
  };
}

/** `data/path must be string` says it is `at "path"`. */
const inOurWords = (message: string) =>
  message.replaceAll(
    /(^|, )data(\S*) /g,
    (_, before: string, path: string) => before + (path ? `at "${path.slice(1).replaceAll('/', '.')}": ` : 'it '),
  );

function compile(library: AjvJsonSchemaValidator, schema: JsonObject) {
  try {
    const { $id: _, ...nameless } = harmless(schema) as JsonObject;
    return library.getValidator(nameless);
  } catch {
    return undefined;
  }
}

/** Without regular expressions: one made for it runs for hours on thirty letters. The server checks its patterns itself. */
function harmless(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(harmless);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema as JsonObject).filter(
    ([key, value]) =>
      !(key === 'pattern' && typeof value === 'string') && !(key === 'patternProperties' && isObject(value)),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, literal.has(key) ? value : harmless(value)]));
}

const literal = new Set(['const', 'enum', 'default', 'examples']);
const isObject = (value: Json) => typeof value === 'object' && value !== null && !Array.isArray(value);
