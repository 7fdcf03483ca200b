/** States, durations, tokens and money as a person reads them. */
import type { Json } from '../contracts/json.ts';

/** `{ active: { work: "thinking" } }` is `active.work.thinking`; regions at the same time are joined by `|`. */
export function stateWords(state: Json): string {
  if (typeof state === 'string') return state;
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return '';
  return Object.entries(state)
    .map(([name, inner]) => [name, stateWords(inner)].filter(Boolean).join('.'))
    .join('|');
}

/** What a person wants to know of a state: the innermost place of its first region, with the place around it. */
export const shortState = (words: string): string => words.split('|')[0]!.split('.').slice(-2).join('.');

export function durationWords(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${Math.floor(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

export const countWords = (count: number): string =>
  count < 1_000
    ? `${count}`
    : count < 1_000_000
      ? `${(count / 1_000).toFixed(1)}k`
      : `${(count / 1_000_000).toFixed(1)}M`;

/** An unknown price is said, never shown as nothing. */
export const moneyWords = (usd: number | null): string =>
  usd === null ? 'price unknown' : usd === 0 ? '$0' : usd < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;

/** Text from a model, a tool or a stranger, made safe for a terminal: what would move the cursor or hide text is shown as an escape. */
export const visible = (text: string): string =>
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

/** Cut to so many columns, with a sign that it was. */
export const cut = (text: string, columns: number): string =>
  text.length <= columns ? text : columns < 1 ? '' : `${text.slice(0, columns - 1)}…`;

/** What a note of progress warns of. */
export const warningIn = (note: Json): string | undefined => {
  const { type, message } = (note ?? {}) as { type?: Json; message?: Json };
  return type === 'warning' && typeof message === 'string' ? message : undefined;
};
