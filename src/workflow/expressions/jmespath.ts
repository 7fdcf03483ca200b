/**
 * JMESPath, with limits. The package `jmespath` reads the text, and only here; the tree is evaluated by our own code, because the package finds inherited
 * properties such as `constructor`, has no limit, and rewrites nothing that we could count.
 */
import { TroupeError } from '../../values/failure.ts';
import { errorMessage } from '../../values/cause.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { languagePackages } from '../loadLanguage.ts';
import { evaluateNode } from './evaluate.ts';
import { EvaluationBudget, maxExpressionDepth, maxExpressionLength } from './limits.ts';
import type { ExpressionNode } from './node.ts';
import { meantBySyntax } from './otherSyntax.ts';
import { quoteHyphens } from './quoting.ts';
import { readNode } from './readNode.ts';

/** An expression that can be evaluated. */
export interface Expression {
  /** As it was written. */
  readonly text: string;
  readonly tree: ExpressionNode;
}

/** What is wrong with an expression, and where: `offset` counts characters from 0. */
export interface SyntaxProblem {
  readonly message: string;
  readonly offset: number;
}

/** How many compiled expressions are kept: a workflow has tens of them, a process a few workflows. */
const cacheSize = 1_000;
const cache = new Map<string, Expression | SyntaxProblem>();

/** Compiles an expression; gives what is wrong with one that cannot be read. */
export function readExpression(text: string): Expression | SyntaxProblem {
  const known = cache.get(text);
  if (known) return known;
  const read = compile(text);
  if (cache.size >= cacheSize) cache.clear();
  cache.set(text, read);
  return read;
}

/** Compiles an expression. Throws `definition` for one that cannot be read. */
export function compileExpression(text: string): Expression {
  const read = readExpression(text);
  if ('tree' in read) return read;
  throw new TroupeError('definition', `The expression ${quoted(text)} cannot be read: ${read.message}.`, {
    data: { offset: read.offset },
  });
}

/** Evaluates an expression on data. Throws `invalid` when the data does not fit a function, and `budget` above the limits. */
export function evaluateExpression({ text, tree }: Expression, data: Json): Json {
  const budget = new EvaluationBudget();
  try {
    const value = evaluateNode(tree, data, budget);
    budget.checkSize(value);
    return finite(value);
  } catch (thrown) {
    if (thrown instanceof TroupeError) throw thrown;
    throw new TroupeError('invalid', `The expression ${quoted(text)} cannot be evaluated: ${errorMessage(thrown)}.`);
  }
}

/** A sum may become infinite, which JSON cannot hold. */
function finite(value: Json): Json {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new Error('its value is not a finite number');
}

function compile(text: string): Expression | SyntaxProblem {
  if (text.length > maxExpressionLength)
    return {
      message: `it has ${text.length} characters, and may have ${maxExpressionLength}`,
      offset: maxExpressionLength,
    };
  if (text.trim() === '') return { message: 'it is empty', offset: 0 };
  const tooDeep = firstTooDeep(text);
  if (tooDeep !== undefined) return { message: `it is nested deeper than ${maxExpressionDepth}`, offset: tooDeep };
  const { text: standard, placeOf } = quoteHyphens(text);
  try {
    return { text, tree: readNode(languagePackages().compile(standard)) };
  } catch (thrown) {
    if (thrown instanceof TroupeError) throw thrown;
    const message = errorMessage(thrown);
    const meant = meantBySyntax(text);
    return {
      message: meant === undefined ? inWords(message) : `${inWords(message)}. ${meant}`,
      offset: Math.min(placeOf(placeIn(standard, message)), text.length),
    };
  }
}

/** Where brackets and signs are open more often than is allowed: it is checked before the text is read, so that reading cannot overflow the stack. */
function firstTooDeep(text: string): number | undefined {
  let depth = 0;
  let signs = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    signs = '!&'.includes(character) ? signs + 1 : /\s/.test(character) ? signs : 0;
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    if (depth > maxExpressionDepth || signs > maxExpressionDepth) return at;
  }
  return undefined;
}

/** The place of the token that the package complains about: its messages name the token, not the place. */
function placeIn(text: string, message: string): number {
  const [, character] = /^Unknown character:(.)/s.exec(message) ?? [];
  if (character) return Math.max(0, text.indexOf(character));
  const [, type = 'EOF', value] = /(?:type: |token \(|got: )(\w+)(?:, value: |\): ")?(.*?)"?$/s.exec(message) ?? [];
  const tokens = tokensOf(text);
  const found = tokens.findLast(
    (token) =>
      token['type'] === type && (value === '' || value === undefined || JSON.stringify(token['value']).includes(value)),
  );
  return typeof found?.['start'] === 'number' ? found['start'] : text.length;
}

function tokensOf(text: string): readonly { readonly [key: string]: Json }[] {
  try {
    const tokens = languagePackages().tokenize(text);
    return Array.isArray(tokens) ? tokens.filter(isJsonObject) : [];
  } catch {
    return [];
  }
}

/** The messages of the package, in words that a user of YAML understands. */
function inWords(message: string): string {
  if (/\bEOF\b/.test(message)) return 'it ends too early';
  const [, character] = /^Unknown character:(.)/s.exec(message) ?? [];
  if (character) return `the character ${character} has no meaning here`;
  const [, value] = /(?:value: |\): ")(.*?)"?$/s.exec(message) ?? [];
  if (value) return `${quoted(value)} is not expected here`;
  if (/JSON/.test(message)) return 'a literal in backticks or double quotes is not valid JSON';
  if (/Cannot read|undefined/.test(message)) return 'it is not complete';
  return message.charAt(0).toLowerCase() + message.slice(1);
}

const quoted = (text: string): string => `"${text.length > 120 ? `${text.slice(0, 120)}…` : text}"`;
