/** Shows the path of a machine in words: one line for each event, as a failed test shows it. */
import type { EventObject, StateValue } from 'xstate';

import { truncateText, formatState } from '../../observe/format.ts';
import { knownJson } from '../jsonValues.ts';
import type { Played, PlayedStep } from '../play.ts';

/** A state value in words: `review.waiting`; parallel regions are joined by `|`. */
export const stateValueText = (value: StateValue): string => formatState(knownJson(value));

/** Every path of state names in a state value, from the root down: one for each region. */
export function statePaths(value: StateValue): string[] {
  if (typeof value === 'string') return [value];
  return Object.entries(value).flatMap(([name, inner]) => {
    const places = inner === undefined ? [] : statePaths(inner).filter((place) => place !== '');
    return places.length === 0 ? [name] : places.map((place) => `${name}.${place}`);
  });
}

/** Is the machine in this state? `state` may be any part of a path: `review` and `waiting` are both in `review.waiting`. */
export const isInState = (value: StateValue, state: string): boolean =>
  statePaths(value).some((place) => `.${place}.`.includes(`.${state}.`));

/** The path, one line for each event. `mark` adds a remark to the step of that number. */
export function pathText(
  { path }: Pick<Played, 'path'>,
  mark?: { readonly at: number; readonly says: string },
): string {
  const events = path.map(({ event }) => eventInWords(event));
  const widest = Math.min(60, Math.max(...events.map((event) => event.length)));
  return path
    .map((step, at) => {
      const remark = mark?.at === at ? `   <- ${mark.says}` : '';
      return `  ${(events[at] ?? '').padEnd(widest)} -> ${statesOfStep(step)}${remark}`;
    })
    .join('\n');
}

/** The states of a step; those of microsteps come before the one in which it came to rest. */
const statesOfStep = ({ values }: PlayedStep): string =>
  values.length === 0
    ? '(it meant nothing)'
    : values
        .map(stateValueText)
        .filter((words, at, all) => words !== all[at - 1])
        .join(' -> ');

function eventInWords(event: EventObject | undefined): string {
  if (!event) return '(start)';
  const { type, ...rest } = event;
  const child = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type);
  if (child) {
    const { output, error }: Readonly<Record<string, unknown>> = rest;
    return child[1] === 'done'
      ? `"${child[2]}" is done${shown(output)}`
      : `"${child[2]}" failed${shown(error instanceof Error ? error.message : error)}`;
  }
  const timer = /^xstate\.after\.([^.]+)\./.exec(type);
  if (timer) return `"${timer[1]}" is over`;
  return Object.keys(rest).length === 0 ? type : `${type}${shown(rest)}`;
}

const shown = (value: unknown): string =>
  value === undefined ? '' : `: ${truncateText(JSON.stringify(value) ?? typeof value, 60)}`;
