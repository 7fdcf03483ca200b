/** Finds secrets again, at the last moment before an effect: what it gives is never stored. */
import type { Resolved, Sealed, SecretSource, WorkflowValues } from '../../contracts/workflow/values.ts';
import { TroupeError } from '../../values/failure.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { evaluateTemplate } from './resolve.ts';

/** The value with its secrets. Throws `environment` when a variable is not set, and what `resolveTemplates` throws for a template. */
export function unseal<Value>(resolved: Resolved<Value>, secrets: SecretSource): Value {
  // Resolved values are JSON, whatever type a caller knows them by; a secret takes the place of a null in it.
  return resolved.sealed.reduce<Json>(
    (value, { path, value: sealed }) => replaceAt(value, path, unsealOne(sealed, secrets)),
    resolved.value as Json,
  ) as Value;
}

/** The secrets that a value reads, as texts: what an effect must redact in its results. Variables that are not set are left out. */
export const secretTexts = (resolved: Pick<Resolved<unknown>, 'sealed'>, secrets: SecretSource): readonly string[] => [
  ...new Set(resolved.sealed.flatMap(({ value }) => textsOf(value, secrets))),
];

/** The secrets that expressions on these values can read, as texts. */
export const secretTextsOf = ({ sealed }: Pick<WorkflowValues, 'sealed'>, secrets: SecretSource): readonly string[] => [
  ...new Set(Object.values(sealed).flatMap((each) => textsOf(each, secrets))),
];

function unsealOne(sealed: Sealed, secrets: SecretSource): Json {
  if ('env' in sealed) return variable(sealed.env, secrets);
  if ('parts' in sealed) return unseal(sealed.parts, secrets);
  const { values, template, as } = sealed;
  const params: Record<string, Json> = { ...values.params };
  const env: Record<string, string> = { ...values.env };
  for (const [name, inner] of Object.entries(values.sealed)) {
    const key = name.slice(name.indexOf('.') + 1);
    if (name.startsWith('env.')) env[key] = variable('env' in inner ? inner.env : key, secrets);
    else params[key] = unsealOne(inner, secrets);
  }
  return evaluateTemplate(template, { ...values, params, env, sealed: {} }, as);
}

function variable(name: string, secrets: SecretSource): string {
  const value = secrets.secret(name);
  if (value !== undefined) return value;
  throw new TroupeError('environment', `The variable ${name} is not set. Set it in the environment of this process.`, {
    data: { gone: true, variable: name },
  });
}

function textsOf(sealed: Sealed, secrets: SecretSource): readonly string[] {
  if ('env' in sealed) {
    const text = secrets.secret(sealed.env);
    return text === undefined ? [] : [text];
  }
  if ('parts' in sealed) return secretTexts(sealed.parts, secrets);
  return secretTextsOf(sealed.values, secrets);
}

function replaceAt(value: Json, path: readonly (string | number)[], by: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value))
    return (value as readonly Json[]).map((item, at) => (at === key ? replaceAt(item, rest, by) : item));
  return isJsonObject(value) ? { ...value, [key]: replaceAt(value[key] ?? null, rest, by) } : value;
}
