/** Where a character of a text stands in the file that the text was read from: behind quotes and escapes, and across the lines of a block. */

/** A place in the source that is followed, character by character of the text. */
interface Walk {
  readonly source: string;
  at: number;
  /** Spaces before the lines of a block; undefined in any other text, where all of them are left out. */
  readonly indent: number | undefined;
}

/** The farthest character that is looked for: a file may have thousands of problems in one long text. */
const farthest = 4_096;

/** The offset in the source of character `inside` of the text that begins at `start` there. An alias, and a character that is too far inside, are at the beginning. */
export function offsetInside(source: string, start: number, text: string, inside: number): number {
  const first = source.charAt(start);
  if (first === '*' || inside > farthest) return start;
  const isBlock = first === '|' || first === '>';
  const begin = isBlock ? source.indexOf('\n', start) + 1 : start + (first === '"' || first === "'" ? 1 : 0);
  const walk: Walk = { source, at: begin, indent: isBlock ? indentAt(source, begin) : undefined };
  if (isBlock) skipIndent(walk);
  for (let at = 0; at < inside; at++) {
    if (first === '"' && source.charAt(walk.at) === '\\') at += passEscape(walk) - 1;
    else if (first === "'" && source.startsWith("''", walk.at)) walk.at += 2;
    else if (isSpace(source.charCodeAt(walk.at)) && (isBreak(walk) || isFolded(walk)))
      passBreaks(walk, text.charAt(at), text.charAt(at + 1));
    else walk.at += 1;
  }
  return walk.at;
}

/** The spaces before the first line of a block that is not empty. */
const indentAt = (source: string, begin: number): number =>
  /^(?:[ \t]*\r?\n)*( *)/.exec(source.slice(begin))?.[1]?.length ?? 0;

/** A space, a tab, or a part of the end of a line. */
const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13;

const isBreak = ({ source, at }: Walk): boolean => /^\r?\n/.test(source.slice(at, at + 2));

/** Spaces at the end of a line are left out where lines are folded into one. */
const isFolded = ({ source, at, indent }: Walk): boolean =>
  indent === undefined &&
  (source.charAt(at) === ' ' || source.charAt(at) === '\t') &&
  lineEnd.test(source.slice(at, at + 200));
const lineEnd = /^[ \t]+\r?\n/;

function skipIndent(walk: Walk): void {
  const { source, indent = Infinity } = walk;
  for (let passed = 0; passed < indent && /[ \t]/.test(source.charAt(walk.at)); passed++) walk.at += 1;
}

/** Passes the end of a line, which is one character of the text; and the empty lines after it that are no characters, where lines are folded. */
function passBreaks(walk: Walk, passed: string, next: string): void {
  const pass = () => {
    walk.at = walk.source.indexOf('\n', walk.at) + 1;
    skipIndent(walk);
  };
  pass();
  if (passed === ' ' || (walk.indent !== undefined && next === '\n')) return;
  while (next !== '\n' && isBreak(walk)) pass();
}

const escapeLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Passes an escape in double quotes; gives the characters of the text that it stands for. */
function passEscape(walk: Walk): number {
  const letter = walk.source.charAt(walk.at + 1);
  const digits = escapeLengths[letter] ?? 0;
  const code = walk.source.slice(walk.at + 2, walk.at + 2 + digits);
  if (letter === '\n' || letter === '\r') {
    // The line goes on in the next one.
    walk.at = walk.source.indexOf('\n', walk.at) + 1;
    skipIndent(walk);
    return 0;
  }
  walk.at += 2 + digits;
  return letter === 'U' && Number.parseInt(code, 16) > 0xffff ? 2 : 1;
}
