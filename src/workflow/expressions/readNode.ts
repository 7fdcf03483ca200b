/** Reads the syntax tree that the package `jmespath` makes. The package accepts some texts that are no expressions; here they are refused. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import { functionNames } from './functions.ts';
import { maxExpressionDepth } from './limits.ts';
import type { Comparison, ExpressionNode } from './node.ts';

/** Reads a node. Throws an error whose message says what is wrong with the expression. */
export function readNode(raw: unknown, depth = 0): ExpressionNode {
  if (!isJsonObject(raw)) throw new Error('it is not complete');
  if (depth > maxExpressionDepth) throw new Error(`it is nested deeper than ${maxExpressionDepth}`);
  const child = (at: number): ExpressionNode => readNode(children(raw)[at], depth + 1);
  // A long path or a long list of conditions is nested on its left side, as deep as it is long: that is no depth.
  const left = (): ExpressionNode => readNode(children(raw)[0], depth);
  const all = (): readonly ExpressionNode[] => children(raw).map((each) => readNode(each, depth + 1));
  switch (raw['type']) {
    case 'Identity':
    case 'Current':
      return { is: 'current' };
    case 'Field':
      return { is: 'field', name: nameOf(raw) };
    case 'Index':
      return { is: 'index', at: Number(raw['value']) };
    case 'Slice':
      return slice(children(raw));
    case 'Literal':
      return { is: 'literal', value: exact(raw['value'] ?? null) };
    case 'Subexpression':
    case 'IndexExpression':
    case 'Pipe':
      return { is: 'chain', left: left(), right: child(1) };
    case 'Projection':
      return { is: 'list projection', left: left(), right: child(1) };
    case 'ValueProjection':
      return { is: 'value projection', left: left(), right: child(1) };
    case 'FilterProjection':
      return { is: 'filter', left: left(), right: child(1), test: child(2) };
    case 'Flatten':
      return { is: 'flatten', of: child(0) };
    case 'Comparator':
      return { is: 'compare', how: raw['name'] as Comparison, left: left(), right: child(1) };
    case 'AndExpression':
      return { is: 'and', left: left(), right: child(1) };
    case 'OrExpression':
      return { is: 'or', left: left(), right: child(1) };
    case 'NotExpression':
      return { is: 'not', of: child(0) };
    case 'MultiSelectList':
      if (children(raw).length === 0) throw new Error('a list of expressions is empty');
      return { is: 'list', items: all() };
    case 'MultiSelectHash':
      return { is: 'object', fields: children(raw).map((each) => field(each, depth + 1)) };
    case 'Function':
      return call(raw['name'], all());
    case 'ExpressionReference':
      return { is: 'expression', of: child(0) };
    default:
      throw new Error('it is not complete');
  }
}

const nameOf = (raw: JsonObject): string => (typeof raw['name'] === 'string' ? raw['name'] : '');

const children = (raw: JsonObject): readonly Json[] =>
  Array.isArray(raw['children']) ? (raw['children'] as readonly Json[]) : [];

function field(raw: Json, depth: number): readonly [string, ExpressionNode] {
  if (!isJsonObject(raw)) throw new Error('a field has no value');
  if (nameOf(raw) === '__proto__') throw new Error('a field cannot have the name __proto__');
  return [nameOf(raw), readNode(raw['value'], depth)];
}

function slice([from, to, step]: readonly Json[]): ExpressionNode {
  if (step === 0) throw new Error('the step of a slice cannot be 0');
  return {
    is: 'slice',
    ...(typeof from === 'number' ? { from } : {}),
    ...(typeof to === 'number' ? { to } : {}),
    step: typeof step === 'number' ? step : 1,
  };
}

function call(name: unknown, args: readonly ExpressionNode[]): ExpressionNode {
  if (typeof name !== 'string') throw new Error('only a name can be called as a function');
  if (!functionNames.has(name)) throw new Error(`there is no function ${name}()`);
  return { is: 'call', name, args };
}

/** A number that cannot be kept exactly is refused: it would be another one. */
function exact(value: Json): Json {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new Error('a whole number is too large to be kept exactly; write it as text');
  return value;
}
