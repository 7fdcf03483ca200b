/** Formats states, durations, counts and money for people, and makes text safe for a terminal. */
import type { Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** A state value as text: `{ active: { work: "thinking" } }` is `active.work.thinking`; parallel regions are joined by `|`. */
export function formatState(state: Json): string {
  if (typeof state === 'string') return state;
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return '';
  return Object.entries(state)
    .map(([name, inner]) => [name, formatState(inner)].filter(Boolean).join('.'))
    .join('|');
}

/** The short form of a state's text: the innermost state of its first region, with its parent. */
export const shortenState = (text: string): string => text.split('|', 1).join('').split('.').slice(-2).join('.');

/** Milliseconds as text, such as `2.5s`, `3m 20s` or `2d 4h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${Math.floor(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** A count as text, such as `950`, `1.2k` or `3.4M`. */
export const formatCount = (count: number): string =>
  count < 1_000
    ? `${count}`
    : count < 1_000_000
      ? `${(count / 1_000).toFixed(1)}k`
      : `${(count / 1_000_000).toFixed(1)}M`;

/** US dollars as text; null, an unknown price, is `price unknown` and never `$0`. */
export const formatMoney = (usd: number | null): string =>
  usd === null ? 'price unknown' : usd === 0 ? '$0' : usd < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;

/** Text from a model or a tool, made safe for a terminal: characters that would move the cursor or hide text are shown as escapes. */
export const escapeControls = (text: string): string =>
  text.replace(
    // eslint-disable-next-line no-control-regex -- those are what must be seen
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (character) =>
      character === '\n'
        ? '\\n'
        : character === '\t'
          ? '\\t'
          : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Cut to so many columns; `…` at the end shows that it was. */
export const truncateText = (text: string, columns: number): string =>
  text.length <= columns ? text : columns < 1 ? '' : `${text.slice(0, columns - 1)}…`;

/** The warning in a note of progress; undefined when it holds none. */
export const warningOf = (note: Json): string | undefined => {
  const { type, message } = propertiesOf(note);
  return type === 'warning' && typeof message === 'string' ? message : undefined;
};
