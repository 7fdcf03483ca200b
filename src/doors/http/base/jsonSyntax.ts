/** Finds where a text stops being JSON: `JSON.parse` does not always say it, and its message repeats parts of the text. */

const space = /[ \t\n\r]*/y;
const literal = /true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** The place of the first character that cannot stand there, in UTF-16 units from 0; the length of the text when it ends too early; undefined when it is JSON. Nesting must be limited before. */
export function jsonErrorIn(text: string): number | undefined {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const skip = () => take(space);
  const is = (character: string): boolean => {
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  /** Character by character: a pattern that repeats would need a stack as large as the string. */
  const wholeString = (): boolean => {
    if (!is('"')) return false;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) return is('"');
      if (code < 0x20 || (code === backslash && !take(escape))) return false;
      if (code === backslash) at--;
    }
    return false;
  };
  /** `[` or `{` up to its end. */
  const list = (end: string, member: () => boolean): boolean => {
    skip();
    if (is(end)) return true;
    do {
      skip();
      if (!member()) return false;
      skip();
    } while (is(','));
    return is(end);
  };
  const member = (): boolean => {
    if (!wholeString()) return false;
    skip();
    if (!is(':')) return false;
    skip();
    return value();
  };
  const value = (): boolean => {
    if (is('{')) return list('}', member);
    if (is('[')) return list(']', value);
    return text[at] === '"' ? wholeString() : take(literal) || take(number);
  };
  skip();
  if (!value()) return at;
  skip();
  return at === text.length ? undefined : at;
}

/** The place of the bracket that nests deeper than `most`; undefined when none does. */
export function tooDeepIn(text: string, most: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === backslash) at++;
      else if (code === quote) inString = false;
    } else if (code === quote) inString = true;
    else if (code === openBrace || code === openBracket) {
      if (++depth > most) return at;
    } else if (code === closeBrace || code === closeBracket) depth--;
  }
  return undefined;
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];
