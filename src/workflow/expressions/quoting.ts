/** Names with hyphens, and ids of steps with a digit first: `step.search-hn.url` is written without quotes, and JMESPath wants `step."search-hn".url`. */

/** An expression with its hyphenated names quoted, and where each place of it was before. */
export interface Quoted {
  readonly text: string;
  /** The place in the expression as it was written of a place in `text`. */
  placeOf(offset: number): number;
}

/** What is left alone: text in single quotes, double quotes or backticks, to its end or to the end of the expression. Then a name with hyphens, or the id of a step with a digit first. */
const parts =
  /'(?:\\.|[^'\\])*(?:'|$)|"(?:\\.|[^"\\])*(?:"|$)|`(?:\\.|[^`\\])*(?:`|$)|[A-Za-z_]\w*(?:-+\w+)*|(?<=\bstep\.)\d\w*(?:-+\w+)*/gs;

/** Quotes the names that have hyphens, and ids of steps that begin with a digit. Text in quotes of any kind stays as it is. */
export function quoteHyphens(expression: string): Quoted {
  /** The places in the new text behind which another quote was inserted. */
  const inserted: number[] = [];
  const text = expression.replace(parts, (part: string, at: number) => {
    if (!/^\w/.test(part) || !/^\d|-/.test(part)) return part;
    const start = at + inserted.length;
    inserted.push(start, start + part.length + 1);
    return `"${part}"`;
  });
  return { text, placeOf: (offset) => offset - inserted.filter((place) => place < offset).length };
}
