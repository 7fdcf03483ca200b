/**
 * Gives templates their values. What reads a secret is not evaluated: it becomes a `Sealed` at its place, which `unseal` evaluates when an effect needs it.
 * Values are never read as templates again, so no data can name a secret.
 */
import type { Resolved, Sealed, WorkflowValues } from '../../contracts/workflow/values.ts';
import { TroupeError } from '../../values/failure.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { evaluateExpression, type Expression } from './jmespath.ts';
import { maxTextLength } from './limits.ts';
import { namespaces, validMeaning, type Meaning } from './meaning.ts';
import { isText, leavesNullOut, mayBeBare, type Position } from './position.ts';
import { readsOf } from './reads.ts';
import { scopeOf, sealedReads, valuesRead } from './scope.ts';
import { textOf } from './text.ts';
import { joinUrl } from './url.ts';

/** The value of a text, or how its secret is found again; `absent` when there is nothing to put there. */
type Outcome = { readonly value: Json } | { readonly sealed: Sealed } | { readonly absent: true };

/**
 * Resolves every text in a value. At positions `body` and `output`, fields at the top whose expression gives null are left out.
 * Throws `definition` for a template that cannot be read, `invalid` for one that cannot be evaluated or reads a variable that is not there, `budget` above the limits.
 */
export function resolveTemplates(raw: Json, values: WorkflowValues, position: Position): Resolved {
  const sealed: { path: readonly (string | number)[]; value: Sealed }[] = [];
  const visit = (inner: Json, path: readonly (string | number)[]): Json | undefined => {
    if (typeof inner === 'string') {
      const outcome = resolveText(inner, values, position);
      if ('value' in outcome)
        return outcome.value === null && leavesNullOut(position) && path.length === 1 ? undefined : outcome.value;
      if ('absent' in outcome) return path.length === 1 ? undefined : null;
      sealed.push({ path, value: outcome.sealed });
      return null;
    }
    if (Array.isArray(inner)) return (inner as readonly Json[]).map((item, at) => visit(item, [...path, at]) ?? null);
    if (!isJsonObject(inner)) return inner;
    const fields: Record<string, Json> = {};
    for (const [key, field] of Object.entries(inner)) {
      const value = visit(field, [...path, key]);
      if (value !== undefined) fields[key] = value;
    }
    return fields;
  };
  return { value: visit(raw, []) ?? null, sealed };
}

function resolveText(text: string, values: WorkflowValues, position: Position): Outcome {
  const meaning = validMeaning(text, position, (name) => isKnownName(name, values));
  const as = position === 'url' ? 'url' : isText(position) ? 'text' : undefined;
  switch (meaning.is) {
    case 'literal':
      return { value: text };
    case 'quoted':
      return { value: meaning.text };
    case 'variable':
      return variable(meaning.name, values, position);
    case 'expression': {
      const sealed = sealedBy([meaning.expression], values);
      if (sealed) {
        const template = inBraces(text, meaning.expression);
        return { sealed: directly(meaning.expression, values, as) ?? withShape({ template, values: sealed }, as) };
      }
      const value = evaluate(meaning.expression, values);
      return { value: as ? textOf(value) : value };
    }
    case 'mixed': {
      const sealed = sealedBy(
        meaning.parts.filter((part) => typeof part !== 'string'),
        values,
      );
      if (sealed) return { sealed: withShape({ template: text, values: sealed }, as) };
      return { value: mix(meaning.parts, values, as) };
    }
  }
}

/** The names with which an expression without braces can begin. */
const isKnownName = (name: string, values: WorkflowValues): boolean =>
  name === 'item' || name === 'item_index'
    ? values.item !== undefined
    : namespaces.includes(name) || Object.hasOwn(values.step, name);

/** A template that has a shape of its own says so, for the time when it is evaluated. */
const withShape = (
  template: { readonly template: string; readonly values: WorkflowValues },
  as: 'text' | 'url' | undefined,
): Sealed => (as === undefined ? template : { ...template, as });

/** An expression without braces gets them: a stored template is read in one way only. */
const inBraces = (text: string, { text: expression }: Expression): string =>
  text.trimStart().startsWith('{{') ? text : `{{ ${expression} }}`;

/** The values to keep with expressions that read secrets; undefined when they read none. */
function sealedBy(expressions: readonly Expression[], values: WorkflowValues): WorkflowValues | undefined {
  if (Object.keys(values.sealed).length === 0) return undefined;
  const reads = expressions.flatMap(({ tree }) => readsOf(tree));
  return sealedReads(values, reads).length === 0 ? undefined : valuesRead(values, reads);
}

/** The secret itself, when an expression reads it and does nothing else. Where text is needed, the variable is known to be text. */
function directly(
  { text }: Expression,
  { sealed }: WorkflowValues,
  as: 'text' | 'url' | undefined,
): Sealed | undefined {
  const secret = Object.hasOwn(sealed, text) ? sealed[text] : undefined;
  return secret && (as === undefined || 'env' in secret) ? secret : undefined;
}

/** `env:NAME`. A field of a body, of `input` or of `output.map` is left out when there is no such variable; elsewhere it must be there. */
function variable(name: string, values: WorkflowValues, position: Position): Outcome {
  const key = `env.${name}`;
  const sealed = Object.hasOwn(values.sealed, key) ? values.sealed[key] : undefined;
  if (sealed) return { sealed };
  const value = Object.hasOwn(values.env, name) ? values.env[name] : undefined;
  if (value !== undefined) return { value };
  if (mayBeBare(position)) return { absent: true };
  throw new TroupeError(
    'invalid',
    `"env:${name}" reads the variable ${name}, which is not set or not available here. Declare it under env of the root workflow and set it; a sub-workflow gets it as a parameter.`,
  );
}

function mix(parts: readonly (string | Expression)[], values: WorkflowValues, as: 'text' | 'url' | undefined): string {
  const texts = parts.map((part) => (typeof part === 'string' ? part : { value: textOf(evaluate(part, values)) }));
  const length = texts.reduce((sum, part) => sum + (typeof part === 'string' ? part : part.value).length, 0);
  if (length > maxTextLength)
    throw new TroupeError('budget', `A template gives a text of ${length} characters, and may give ${maxTextLength}.`);
  return as === 'url' ? joinUrl(texts) : texts.map((part) => (typeof part === 'string' ? part : part.value)).join('');
}

const evaluate = (expression: Expression, values: WorkflowValues): Json =>
  evaluateExpression(expression, scopeOf(values, readsOf(expression.tree)));

/** Evaluates the template of a secret, now that its values are known. */
export function evaluateTemplate(template: string, values: WorkflowValues, as: 'text' | 'url' | undefined): Json {
  const meaning: Meaning = validMeaning(template, as ?? 'param', () => false);
  if (meaning.is === 'mixed') return mix(meaning.parts, values, as);
  if (meaning.is !== 'expression') return template;
  const value = evaluate(meaning.expression, values);
  return as ? textOf(value) : value;
}
