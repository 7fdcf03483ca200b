/** Where a machine has been, in words: one line for each event, as a failed test shows it. */
import type { EventObject, StateValue } from 'xstate';
import type { Json } from '../../contracts/json.ts';
import { cut, stateWords } from '../../observe/words.ts';
import type { Played, Step } from '../play.ts';

/** `review.waiting`; regions at the same time are joined by `|`. */
export const inWords = (value: StateValue): string => stateWords(value as Json);

/** Every place a value is in at once: one for each region, from the root down. */
export function placesOf(value: StateValue): string[] {
  if (typeof value === 'string') return [value];
  return Object.entries(value).flatMap(([name, inner]) => {
    const places = inner === undefined ? [] : placesOf(inner).filter((place) => place !== '');
    return places.length === 0 ? [name] : places.map((place) => `${name}.${place}`);
  });
}

/** Is `state` (a place, or the end or middle of one) among them? `review` and `waiting` are both in `review.waiting`. */
export const isIn = (value: StateValue, state: string): boolean =>
  placesOf(value).some((place) => `.${place}.`.includes(`.${state}.`));

/** `mark` puts a word behind the step of that number. */
export function pathInWords(
  { path }: Pick<Played, 'path'>,
  mark?: { readonly at: number; readonly says: string },
): string {
  const events = path.map(({ event }) => eventInWords(event));
  const widest = Math.min(60, Math.max(...events.map((event) => event.length)));
  return path
    .map(
      (step, at) =>
        `  ${events[at]!.padEnd(widest)} -> ${stationsOf(step)}${mark?.at === at ? `   <- ${mark.says}` : ''}`,
    )
    .join('\n');
}

/** What it went through without resting there stands before. */
const stationsOf = ({ values }: Step): string =>
  values.length === 0
    ? '(it meant nothing)'
    : values
        .map(inWords)
        .filter((words, at, all) => words !== all[at - 1])
        .join(' -> ');

function eventInWords(event: EventObject | undefined): string {
  if (!event) return '(start)';
  const { type, ...rest } = event;
  const child = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type);
  if (child) {
    const { output, error } = rest as { output?: unknown; error?: unknown };
    return child[1] === 'done'
      ? `"${child[2]}" is done${shown(output)}`
      : `"${child[2]}" failed${shown(error instanceof Error ? error.message : error)}`;
  }
  const timer = /^xstate\.after\.([^.]+)\./.exec(type);
  if (timer) return `"${timer[1]}" is over`;
  return Object.keys(rest).length === 0 ? type : `${type}${shown(rest)}`;
}

const shown = (value: unknown): string =>
  value === undefined ? '' : `: ${cut(JSON.stringify(value) ?? typeof value, 60)}`;
