/** What a text of a workflow means at its position: itself, an expression, a mix of both, or one of the older spellings. */
import { TroupeError } from '../../values/failure.ts';
import { readExpression, type Expression, type SyntaxProblem } from './jmespath.ts';
import { isBare, mayBeBare, type Position } from './position.ts';
import { firstName } from './reads.ts';
import { onlyExpression, splitTemplate } from './template.ts';

/** What a text means. */
export type Meaning =
  | { readonly is: 'literal' }
  /** `{{ expr }}` alone, or an expression without braces. */
  | { readonly is: 'expression'; readonly expression: Expression }
  | { readonly is: 'mixed'; readonly parts: readonly (string | Expression)[] }
  /** `env:NAME` */
  | { readonly is: 'variable'; readonly name: string }
  /** A text in backticks that is no JSON. */
  | { readonly is: 'quoted'; readonly text: string }
  | { readonly is: 'wrong'; readonly problem: SyntaxProblem };

/** The namespaces of expressions. A step with such an id is read as `step.ID` only. */
export const namespaces: readonly string[] = ['params', 'env', 'step', 'item', 'item_index'];

/** Finds the meaning of a text. `isName` says whether a name at the beginning of an expression without braces is known. */
export function meaningOf(text: string, position: Position, isName: (name: string) => boolean): Meaning {
  if (isBare(position)) return bare(text);
  if (position !== 'text') {
    const older = olderSpelling(text);
    if (older) return older;
  }
  if (text.includes('{{')) return template(text);
  if (mayBeBare(position)) {
    const read = readExpression(text);
    if ('tree' in read) {
      const name = firstName(read.tree);
      if (read.tree.is === 'literal' || (name !== undefined && isName(name)))
        return { is: 'expression', expression: read };
    }
  }
  return { is: 'literal' };
}

/** The meaning of a text that must not be wrong. Throws `definition`. */
export function validMeaning(
  text: string,
  position: Position,
  isName: (name: string) => boolean,
): Exclude<Meaning, { is: 'wrong' }> {
  const meaning = meaningOf(text, position, isName);
  if (meaning.is !== 'wrong') return meaning;
  const { message, offset } = meaning.problem;
  throw new TroupeError(
    'definition',
    `The ${position === 'condition' ? 'condition' : 'template'} "${text.length > 120 ? `${text.slice(0, 120)}…` : text}" cannot be read: ${message} (character ${offset + 1}).`,
    { data: { offset } },
  );
}

function bare(text: string): Meaning {
  if (!text.trimStart().startsWith('{{')) return expression(text, 0);
  const parts = splitTemplate(text);
  if ('open' in parts) return notClosed(parts.open);
  const only = onlyExpression(parts);
  return only
    ? expression(only.text, only.offset)
    : { is: 'wrong', problem: { message: 'it must be one expression, without text around it', offset: 0 } };
}

function template(text: string): Meaning {
  const parts = splitTemplate(text);
  if ('open' in parts) return notClosed(parts.open);
  const only = onlyExpression(parts);
  if (only) return expression(only.text, only.offset);
  const mixed: (string | Expression)[] = [];
  for (const part of parts) {
    if (part.is === 'text') {
      mixed.push(part.text);
      continue;
    }
    const meaning = expression(part.text, part.offset);
    if (meaning.is !== 'expression') return meaning;
    mixed.push(meaning.expression);
  }
  return { is: 'mixed', parts: mixed };
}

function expression(text: string, offset: number): Meaning {
  const trimmed = text.trim();
  const read = readExpression(trimmed);
  if ('tree' in read) return { is: 'expression', expression: read };
  const before = text.length - text.trimStart().length;
  return { is: 'wrong', problem: { ...read, offset: offset + before + read.offset } };
}

const notClosed = (open: number): Meaning => ({
  is: 'wrong',
  problem: { message: '"{{" is not closed by "}}"', offset: open },
});

/** `env:NAME`, `param:NAME` and a literal in backticks, which older projects use. */
function olderSpelling(text: string): Meaning | undefined {
  const [, variable] = /^env:([A-Za-z_]\w*)$/.exec(text) ?? [];
  if (variable) return { is: 'variable', name: variable };
  const [, param] = /^param:([A-Za-z_][\w-]*)$/.exec(text) ?? [];
  if (param) return expression(`params."${param}"`, 0);
  if (!/^`[^`]*`$/s.test(text)) return undefined;
  const literal = readExpression(text);
  return 'tree' in literal ? { is: 'expression', expression: literal } : { is: 'quoted', text: text.slice(1, -1) };
}
