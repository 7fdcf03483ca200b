/** Text that every store and every model takes: whole characters, and none that is no character. */
import { isJsonObject, type Json } from './json.ts';

const replacement = '\uFFFD';

/** The text with U+FFFD for NUL and for halves of surrogate pairs. */
export const wellFormedText = (text: string): string => text.toWellFormed().replaceAll('\0', replacement);

/** The first `max` UTF-16 units at most. It never ends in the middle of a character. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** The last `max` UTF-16 units at most. It never begins in the middle of a character. */
export function endOfText(text: string, max: number): string {
  if (text.length <= max) return text;
  const first = text.charCodeAt(text.length - max);
  return text.slice(text.length - (first >= 0xdc00 && first <= 0xdfff ? max - 1 : max));
}

/** The value with well-formed texts and keys; the same object when it has none to change. */
export function wellFormedJson(value: Json): Json {
  if (typeof value === 'string') return wellFormedText(value);
  if (Array.isArray(value)) {
    const items = value.map(wellFormedJson);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [wellFormedText(key), wellFormedJson(inner)] as const);
  const changed = Object.entries(value).some(
    ([key, inner], index) => entries[index]?.[0] !== key || entries[index][1] !== inner,
  );
  return changed ? Object.fromEntries(entries) : value;
}
