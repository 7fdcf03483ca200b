/** The numbers that a check tries of a range: both ends, and the neighbours of the constants that guards compare with. */
import type { AnyStateMachine } from 'xstate';
import type { JsonObject } from '../../values/json.ts';

/** Numbers that decide something, and what was tried instead of a whole range. */
export interface NumberSamples {
  /** Constants that guards compare with, as far as they can be read in their source text. */
  readonly landmarks: Set<number>;
  /** Ranges of which only some numbers were tried, in words. */
  readonly partial: Set<string>;
}

/** The most numbers of one range. */
const most = 16;

const comparison = /(?:[<>]=?|[=!]==?)\s*(-?\d[\d_]*(?:\.\d+)?)\b|(-?\d[\d_]*(?:\.\d+)?)\s*(?:[<>]=?|[=!]==?)/g;

/** The constants in the comparisons of a machine's guards. All of them have a name: a machine with another guard cannot be run. */
export const landmarksIn = ({ implementations: { guards } }: AnyStateMachine): number[] =>
  Object.values(guards)
    .filter((guard) => typeof guard === 'function')
    .flatMap((guard) => [...String(guard).matchAll(comparison)])
    .map(([, right, left = '']) => Number((right ?? left).replaceAll('_', '')));

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
