/** Where a value does not fit its schema, in words. Values are not repeated: they may be secret. */
import type { ErrorObject } from 'ajv';
import { errorMessage } from '../../values/cause.ts';
import { describeValue } from '../../values/explain.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import { cutText } from '../../values/text.ts';
import { compileSchema } from './compile.ts';
import { withPatternTime } from './patterns.ts';

/** One place that does not fit. */
export interface SchemaViolation {
  /** JSON pointer to the value, or to the property that is missing; empty for the top. */
  readonly pointer: string;
  /** What must hold there: `is required`, `must be string, came number 3`. */
  readonly message: string;
}

/** How many violations are said. */
const maxViolations = 20;

/** Why a schema cannot be used; undefined when it can. */
export function schemaProblem(schema: JsonObject): string | undefined {
  try {
    compileSchema(schema);
    return undefined;
  } catch (thrown) {
    return errorMessage(thrown);
  }
}

/** Where a value does not fit a schema, at most twenty places; none when it fits. Throws `definition` for a schema that cannot be used. */
export function violations(schema: JsonObject, value: Json): readonly SchemaViolation[] {
  const check = compileSchema(schema);
  try {
    const errors = withPatternTime(() => check(value));
    const said = errors.filter(({ keyword }) => !joining.has(keyword));
    const all = (said.length > 0 ? said : errors).map((error) => violation(error, value));
    const distinct = [...new Map(all.map((each) => [`${each.pointer} ${each.message}`, each])).values()];
    return distinct.slice(0, maxViolations);
  } catch (thrown) {
    // Too slow a pattern, or too deep a value: neither is known to fit.
    return [
      {
        pointer: '',
        message: `cannot be checked: ${thrown instanceof RangeError ? 'it is nested too deeply' : errorMessage(thrown)}`,
      },
    ];
  }
}

/** Keywords that only repeat that something inside of them failed. */
const joining = new Set(['if', 'allOf', '$ref', 'propertyNames']);

/** What must hold of a property that is missing. */
const required = 'is required';

/** The violations as one text, each once: `the value is missing required field "name"; /age must be integer, came a string of 2 characters`. */
export const violationText = (list: readonly SchemaViolation[]): string => [...new Set(list.map(textOfOne))].join('; ');

function textOfOne({ pointer, message }: SchemaViolation): string {
  if (message !== required) return `${shown(pointer)} ${message}`;
  const at = pointer.lastIndexOf('/');
  return `${shown(pointer.slice(0, at))} is missing required field ${JSON.stringify(unescaped(pointer.slice(at + 1)))}`;
}

const shown = (pointer: string): string => (pointer === '' ? 'the value' : pointer);
const unescaped = (part: string): string => part.replace(/~1/g, '/').replace(/~0/g, '~');

function violation(
  { instancePath, keyword, params, message = 'does not fit' }: ErrorObject,
  value: Json,
): SchemaViolation {
  const name = cutText(
    String(params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'] ?? ''),
    80,
  );
  const inside = `${instancePath}/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`;
  switch (keyword) {
    case 'required':
      return { pointer: inside, message: required };
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return { pointer: inside, message: 'is not allowed' };
    case 'enum':
      return {
        pointer: instancePath,
        message: `must be one of ${cutText(JSON.stringify(params['allowedValues']), 200)}`,
      };
    case 'const':
      return { pointer: instancePath, message: `must be ${cutText(JSON.stringify(params['allowedValue']), 200)}` };
    case 'type':
      return { pointer: instancePath, message: `${message}, came ${kindAt(value, instancePath)}` };
    default:
      return { pointer: instancePath, message: cutText(message, 200) };
  }
}

/** What came, by kind and size. */
function kindAt(value: Json, pointer: string): string {
  const at = pointer
    .split('/')
    .slice(1)
    .map(unescaped)
    .reduce<Json | undefined>((inner, key) => {
      if (Array.isArray(inner)) return (inner as readonly Json[])[Number(key)];
      return isJsonObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
    }, value);
  return typeof at === 'number' || typeof at === 'boolean' ? `a ${typeof at}` : describeValue(at);
}
