/** Compiles JSON Schemas: draft 2020-12, and draft-07 where `$schema` says so. No reference is ever fetched. */
import type { Ajv, ErrorObject, Options, SchemaValidateFunction } from 'ajv';
import { errorMessage } from '../../values/cause.ts';
import { isMultiple } from '../../values/decimal.ts';
import { TroupeError } from '../../values/failure.ts';
import { canonicalJson, type Json, type JsonObject } from '../../values/json.ts';
import { loopTurn } from '../loopTurn.ts';
import { languagePackages } from '../loadLanguage.ts';
import { safePattern } from './patterns.ts';

/** Checks a value; gives the errors, in the order in which they were found. */
export type CompiledSchema = (value: Json) => readonly ErrorObject[];

/** How many compiled schemas are kept by their text. */
const cacheSize = 500;
/** The largest schema, in characters of its JSON text. */
const maxSchemaSize = 262_144;

const byIdentity = new WeakMap<object, CompiledSchema>();
const byText = new Map<string, CompiledSchema>();

/** Compiles a schema, or takes the check of an equal one. Throws `definition` for one that cannot be used. */
export function compileSchema(schema: JsonObject): CompiledSchema {
  const known = byIdentity.get(schema);
  if (known) return known;
  const text = canonicalJson(schema);
  const check = byText.get(text) ?? compile(schema, text);
  if (byText.size >= cacheSize) byText.clear();
  byText.set(text, check);
  byIdentity.set(schema, check);
  return check;
}

/** Compiles what schemas themselves are checked by. Done with the first schema, in one piece, it would keep the event loop waiting for tens of milliseconds. */
export async function prepareSchemas(): Promise<void> {
  const { draft2020 } = shared();
  // The dialect comes first, and its vocabularies after it: it needs theirs.
  for (const id of Object.keys(draft2020.schemas).toReversed()) {
    await loopTurn();
    draft2020.getSchema(id);
  }
}

function compile(schema: JsonObject, text: string): CompiledSchema {
  if (text.length > maxSchemaSize)
    throw new TroupeError('definition', `The schema has ${text.length} characters, and may have ${maxSchemaSize}.`);
  // Names of parts stay in a compiler: a schema that has some gets one of its own.
  const ajv = compilerFor(schema['$schema'], /"\$(?:id|anchor|dynamicAnchor)"/.test(text) ? makeCompilers() : shared());
  const { $schema: _, ...rules } = schema;
  try {
    const validate = ajv.compile(rules);
    return (value) => {
      // A recursive schema on a deep value can overflow the stack; the error is said by the caller.
      const fits = validate(value);
      return fits ? [] : (validate.errors ?? []);
    };
  } catch (thrown) {
    throw new TroupeError('definition', `The schema cannot be used: ${inWords(errorMessage(thrown))}.`, {
      cause: thrown,
    });
  } finally {
    // The check is kept here; the compiler would keep every schema for good.
    ajv.removeSchema(rules);
  }
}

const inWords = (message: string): string =>
  message
    .replace(/^schema is invalid: /, '')
    .replace(/\bdata\/(\S*)/g, '/$1')
    .replace(
      /^can't resolve reference (\S+) from id .*$/,
      'it refers to "$1", which is not in it, and nothing is fetched',
    );

interface Compilers {
  readonly draft07: Ajv;
  readonly draft2020: Ajv;
}

let compilers: Compilers | undefined;
const shared = (): Compilers => (compilers ??= makeCompilers());

function compilerFor(draft: Json | undefined, { draft07, draft2020 }: Compilers): Ajv {
  if (draft === undefined) return draft2020;
  if (typeof draft === 'string' && /^https?:\/\/json-schema\.org\/draft-0[67]\/schema#?$/.test(draft)) return draft07;
  if (typeof draft === 'string' && /^https?:\/\/json-schema\.org\/draft\/20(?:19-09|20-12)\/schema#?$/.test(draft))
    return draft2020;
  throw new TroupeError(
    'definition',
    `The schema names the dialect ${JSON.stringify(draft)}. Use "https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#", or none.`,
  );
}

function makeCompilers(): Compilers {
  const { Draft07, Draft2020, addFormats } = languagePackages();
  const draft07 = new Draft07(options);
  const draft2020 = new Draft2020(options);
  for (const draft of [draft07, draft2020]) {
    addFormats(draft);
    // That of the package divides binary fractions: no price would be a multiple of 0.01.
    draft.removeKeyword('multipleOf');
    draft.addKeyword({ keyword: 'multipleOf', type: 'number', schemaType: 'number', validate: multipleOf });
  }
  return { draft07, draft2020 };
}

const multipleOf: SchemaValidateFunction = (factor: number, value: number) => {
  const fits = isMultiple(value, factor);
  multipleOf.errors = fits ? [] : [{ params: { multipleOf: factor }, message: `must be multiple of ${factor}` }];
  return fits;
};

const options: Options = {
  allErrors: true,
  strict: false,
  logger: false,
  ownProperties: true,
  code: {
    // The package wants a name to print into code that is stored; none is stored here.
    regExp: Object.assign((source: string) => safePattern(source), { code: 'safePattern' }),
  },
};
