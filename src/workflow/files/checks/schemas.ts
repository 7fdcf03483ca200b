/** Checks the JSON Schemas in workflow files, and the reserved outputs that they name. */
import { isJsonObject, type Json, type JsonObject } from '../../../values/json.ts';
import { schemaProblem, violations, violationText } from '../../airlock/violations.ts';
import { nearestName } from '../../../values/options.ts';
import type { FileProblem } from '../problem.ts';
import type { YamlFile } from '../yaml/parseYaml.ts';

/** The reserved outputs, with the type of each. */
const reservedOutputs: Readonly<Record<string, readonly string[]>> = {
  ktsu_injection_attempt: ['boolean'],
  ktsu_untrusted_content: ['boolean'],
  ktsu_low_quality: ['boolean'],
  ktsu_needs_human: ['boolean'],
  ktsu_confidence: ['number', 'integer'],
  ktsu_skip_reason: ['string'],
  ktsu_flags: ['array'],
  ktsu_rationale: ['string'],
};

/** Whether a schema can be used. */
export function checkSchema(yaml: YamlFile, path: readonly (string | number)[], schema: unknown): FileProblem[] {
  if (!isJsonObject(schema)) return [];
  const problem = schemaProblem(schema);
  return problem === undefined ? [] : [yaml.problem(path, `This is not a JSON Schema that can be used: ${problem}`)];
}

/** Whether the default of a question is an answer that its schema accepts. */
export function checkDefault(
  yaml: YamlFile,
  path: readonly (string | number)[],
  wait: { readonly schema?: unknown; readonly default?: unknown } | null | undefined,
): FileProblem[] {
  const { schema, default: silence } = wait ?? {};
  if (!isJsonObject(schema) || silence === undefined || schemaProblem(schema) !== undefined) return [];
  // What YAML holds is JSON.
  const broken = violations(schema, silence as Json);
  if (broken.length === 0) return [];
  const place = [...path, 'default'];
  return [yaml.problem(place, `The default does not fit the schema of the answer: ${violationText(broken)}.`)];
}

/** Names that begin with `ktsu_` but mean nothing, and wrong types of those that do. */
export function checkReservedNames(
  yaml: YamlFile,
  path: readonly (string | number)[],
  schema: JsonObject,
): FileProblem[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!name.startsWith('ktsu_')) return [];
    const at = [...path, 'properties', name];
    const types = Object.hasOwn(reservedOutputs, name) ? reservedOutputs[name] : undefined;
    if (!types) {
      const meant = nearestName(name, Object.keys(reservedOutputs));
      const more = meant === undefined ? '' : ` Did you mean "${meant}"?`;
      return [
        yaml.problem(at, `"${name}" is taken out of every output: names with "ktsu_" are reserved.${more}`, {
          severity: 'warning',
          key: true,
        }),
      ];
    }
    const type = isJsonObject(property) ? property['type'] : undefined;
    if (type === undefined || (typeof type === 'string' && types.includes(type)) || Array.isArray(type)) return [];
    return [
      yaml.problem(at, `"${name}" is a ${types[0] ?? ''}, and no other type does anything.`, { severity: 'warning' }),
    ];
  });
}

/** Whether a schema has a property. */
export const declares = (schema: JsonObject, name: string): boolean =>
  isJsonObject(schema['properties']) && Object.hasOwn(schema['properties'], name);
