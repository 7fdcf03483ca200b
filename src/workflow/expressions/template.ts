/** Texts with `{{ }}`: where the expressions in it begin and end. */

/** A part of a text: text as it is, or an expression and its place. */
export type TemplatePart =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'expression'; readonly text: string; readonly offset: number };

/** Braces that are not closed. */
export interface OpenBraces {
  /** Where they begin, in characters from 0. */
  readonly open: number;
}

/** Splits a text at its `{{ }}`. Quotes and braces inside an expression do not end it. */
export function splitTemplate(text: string): readonly TemplatePart[] | OpenBraces {
  const parts: TemplatePart[] = [];
  let done = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', done)) {
    const close = closingBraces(text, open + 2);
    if (close === undefined) return { open };
    if (open > done) parts.push({ is: 'text', text: text.slice(done, open) });
    parts.push({ is: 'expression', text: text.slice(open + 2, close), offset: open + 2 });
    done = close + 2;
  }
  if (done < text.length || parts.length === 0) parts.push({ is: 'text', text: text.slice(done) });
  return parts;
}

/** What is between the braces, when a text is one expression in braces with nothing but white space around it. */
export function onlyExpression(
  parts: readonly TemplatePart[],
): (TemplatePart & { readonly is: 'expression' }) | undefined {
  const [only, ...others] = parts.filter((part) => part.is === 'expression' || part.text.trim() !== '');
  return only?.is === 'expression' && others.length === 0 ? only : undefined;
}

/** Where the expression that begins at `from` ends: at `}}` outside of quotes, and outside of braces of its own. */
function closingBraces(text: string, from: number): number | undefined {
  let braces = 0;
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "'" || character === '"' || character === '`') {
      const end = closingQuote(text, at);
      if (end === undefined) return undefined;
      at = end;
    } else if (character === '{') braces++;
    else if (character === '}') {
      if (braces > 0) braces--;
      else if (text.charAt(at + 1) === '}') return at;
    }
  }
  return undefined;
}

function closingQuote(text: string, from: number): number | undefined {
  const quote = text.charAt(from);
  for (let at = from + 1; at < text.length; at++) {
    if (text.charAt(at) === '\\') at++;
    else if (text.charAt(at) === quote) return at;
  }
  return undefined;
}
