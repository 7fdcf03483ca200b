/** The values that a check tries of a range: of numbers both ends and the neighbours of the constants that guards and routes compare with, of texts and lengths likewise. */
import type { AnyStateMachine } from 'xstate';
import type { JsonObject } from '../../values/json.ts';
import { cutText } from '../../values/text.ts';

/** Values that decide something, and what was tried instead of a whole range. */
export interface NumberSamples {
  /** Numbers that guards and routes compare with, as far as they can be read in their source text. */
  readonly landmarks: Set<number>;
  /** Texts that they compare with, or look for. */
  readonly texts: Set<string>;
  /** Numbers that they compare lengths with. */
  readonly lengths: Set<number>;
  /** Whether one of them looks at texts or lengths, in a way that can be seen. */
  looksAtTexts: boolean;
  /** Texts that were tried, in quotes, where any text may come. */
  readonly partialTexts: Set<string>;
  /** Ranges of which only some numbers were tried, in words. */
  readonly partial: Set<string>;
}

/** The most numbers of one range. */
const most = 16;

/** Adds what functions of the user compare with, as far as it can be read in their source text. */
export function addLandmarks(decides: readonly unknown[], found: NumberSamples): void {
  const { landmarks, texts, lengths } = found;
  for (const source of decides.filter((each) => typeof each === 'function').map(String)) {
    for (const number of constantsIn(source, comparison)) landmarks.add(number);
    for (const length of constantsIn(source, lengthComparison)) lengths.add(length);
    for (const text of textsIn(source)) texts.add(text);
    found.looksAtTexts ||= texts.size > 0 || textLook.test(source);
  }
}

const comparison = /(?:[<>]=?|[=!]==?)\s*(-?\d[\d_]*(?:\.\d+)?)\b|(-?\d[\d_]*(?:\.\d+)?)\s*(?:[<>]=?|[=!]==?)/g;
const lengthComparison =
  /\.length\s*(?:[<>]=?|[=!]==?)\s*(\d[\d_]*)\b|\b(\d[\d_]*)\s*(?:[<>]=?|[=!]==?)\s*[\w.?[\]]*\.length\b/g;

const textLook = /\.(?:length|test|exec|match|matchAll|search|includes|startsWith|endsWith|indexOf|localeCompare)\b/;

const constantsIn = (source: string, pattern: RegExp): number[] =>
  [...source.matchAll(pattern)].map(([, right, left = '']) => Number((right ?? left).replaceAll('_', '')));

/** Not the name of a type: `typeof x === 'string'`. */
const textComparison =
  /(?<!typeof\s[\w.?]{1,80}\s)[=!]==?\s*(['"`])([^'"`\\\n$]*)\1|\.(?:includes|startsWith|endsWith|indexOf)\(\s*(['"`])([^'"`\\\n$]*)\3|(['"`])([^'"`\\\n$]*)\5\s*[=!]==/g;
const textsIn = (source: string): string[] =>
  [...source.matchAll(textComparison)].map(([, , right, , inside, , left]) => right ?? inside ?? left ?? '');

/** The functions that decide in a machine. All guards have a name: a machine with another one cannot be run. */
export const guardsOf = ({ implementations: { guards } }: AnyStateMachine): readonly unknown[] => Object.values(guards);

/** The most texts, and the most lengths of a list. */
const mostOthers = 8;

/** The simplest text, those that are compared with, and those whose lengths are. */
export function textsOf(
  { minLength = 0, maxLength = Infinity, pattern }: JsonObject,
  { texts, lengths, looksAtTexts, partialTexts }: NumberSamples,
): string[] {
  const fits = (text: string) => text.length >= Number(minLength) && text.length <= Number(maxLength);
  const plain = 'text'.padEnd(Number(minLength), 'x').slice(0, Number(maxLength));
  const near = nearLengths(lengths).map((length) => 'x'.repeat(length));
  const all = [...new Set([plain, ...[...texts, ...near].filter(fits)])].slice(0, mostOthers);
  // Whether a pattern is fitted is known when a whole value was made.
  if (looksAtTexts && pattern === undefined)
    for (const text of all) partialTexts.add(JSON.stringify(cutText(text, 40)));
  return all;
}

/** One length, and those that are compared with. */
export function lengthsOf(least: number, longest: number, { lengths }: NumberSamples): readonly number[] {
  const plain = Math.min(Math.max(1, least), longest);
  const near = nearLengths(lengths).filter((length) => length >= least && length <= longest);
  return [...new Set([plain, ...near])].slice(0, mostOthers);
}

/** Longer ones would make every situation large. */
const longestLength = 256;
const nearLengths = (lengths: ReadonlySet<number>): number[] =>
  [...lengths]
    .flatMap((length) => [length, length - 1, length + 1])
    .filter((each) => each >= 0 && each <= longestLength);

/** The ends of the range, and each landmark with its neighbours, from the first that is tried where it matters least. */
export function numbersOf(schema: JsonObject, { landmarks, partial }: NumberSamples): number[] {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf, type } = schema;
  const step = typeof multipleOf === 'number' ? multipleOf : 1;
  const bound = (closed: unknown, open: unknown, inward: number) => {
    const end = typeof closed === 'number' ? closed : typeof open === 'number' ? open + inward * step : undefined;
    return end !== undefined && Math.abs(end) < Number.MAX_SAFE_INTEGER ? end : undefined;
  };
  const [low, high] = [bound(minimum, exclusiveMinimum, 1), bound(maximum, exclusiveMaximum, -1)];
  const isInside = (value: number) =>
    (low === undefined || value >= low) &&
    (high === undefined || value <= high) &&
    Number.isInteger((value - (typeof multipleOf === 'number' ? 0 : (low ?? 0))) / step) &&
    (type !== 'integer' || Number.isInteger(value));
  const plain = low ?? (high !== undefined && high < 1 ? high : 1);
  const near = [...landmarks].flatMap((value) => [value, value - step, value + step]).filter(isInside);
  const values = [...new Set([plain, ...(high === undefined ? [] : [high]), ...near])].slice(0, most);
  if (low === undefined || high === undefined || (high - low) / step + 1 > values.length || type !== 'integer')
    partial.add(`${rangeWords(low, high)}: ${values.join(', ')}`);
  return values;
}

const rangeWords = (low: number | undefined, high: number | undefined): string =>
  low === undefined && high === undefined
    ? 'any number'
    : `${low === undefined ? 'up' : `from ${low}`}${high === undefined ? ' on' : ` to ${high}`}`;
