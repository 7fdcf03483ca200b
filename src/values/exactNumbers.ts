/**
 * Finds numbers that lose digits when JSON is parsed: JavaScript keeps about 16 of them, so 9007199254740993123 becomes 9007199254740993000.
 * What is done with such a number would be done with another one than was written.
 */
import type { Json } from './json.ts';

/** A string, which is skipped, or a number. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** No text without one of these has a number that loses digits. */
const suspicious = /\d{16}|\d\.\d{15}|[.\d]{17}|\d[eE][+-]?\d{3}/;

/** The numbers in a JSON text that a JavaScript number does not keep, as they are written. */
export function inexactNumbersIn(text: string): string[] {
  if (!suspicious.test(text)) return [];
  return (text.match(tokens) ?? []).filter((token) => !token.startsWith('"') && !isExact(token));
}

/** The integers among them: identifiers, most likely, which would be those of something else. */
export const inexactIntegersIn = (text: string): string[] =>
  inexactNumbersIn(text).filter((written) => /^-?\d+$/.test(written));

/** The JSON text with those numbers as strings. */
export const quoteInexactNumbers = (text: string): string =>
  text.replace(tokens, (token) => (token.startsWith('"') || isExact(token) ? token : `"${token}"`));

function isExact(written: string): boolean {
  const number = Number(written);
  return Number.isFinite(number) && significant(written) === significant(String(number));
}

/** The digits of a number and the power of ten of the last one; the same for 1500, 1.5e3 and 1500.0. */
function significant(written: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(written) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(power) - fraction.length + digits.length - kept.length}`;
}

/**
 * The numbers in parsed arguments that have lost digits, or may have: those that stand for one of `written`, which were found in the text they
 * came from, and integers so large that they cannot be told from their neighbours.
 */
export function inexactNumbersOf(value: Json, written: Iterable<string> = []): string[] {
  const byValue = new Map([...written].map((token) => [Number(token), token]));
  const found = new Set<string>();
  const visit = (part: Json): void => {
    if (typeof part === 'number') {
      const token = byValue.get(part) ?? (isTooLarge(part) ? String(part) : undefined);
      if (token !== undefined) found.add(token);
    } else if (Array.isArray(part)) part.forEach(visit);
    else if (typeof part === 'object' && part !== null) Object.values(part).forEach(visit);
  };
  visit(value);
  return [...found];
}

/** Round numbers such as 2e20 are meant as they are; an integer with 16 digits or more beyond 2^53 is an identifier, most likely. */
const isTooLarge = (number: number): boolean =>
  Number.isInteger(number) && !Number.isSafeInteger(number) && /^-?\d{16,}$/.test(String(number).replace(/0+$/, ''));

/** The arguments with these numbers as text, with every digit. */
export function withDigits(value: Json, written: readonly string[]): Json {
  const byValue = new Map(written.map((token) => [Number(token), token]));
  const convert = (part: Json): Json => {
    if (typeof part === 'number') return byValue.get(part) ?? part;
    if (Array.isArray(part)) return part.map(convert);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, convert(inner)]));
  };
  return convert(value);
}
