/** The items of a map-reduce: how a task is taken apart, and the limits that hold for whatever works on them. */
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import { namedCall } from '../namedCall.ts';
import { atLeastOne } from './preset.ts';

/** Options about items, whatever works on them. */
export interface ItemOptions {
  /** How many items are worked on at once; 8 by default. */
  readonly concurrency?: number;
  /** How many further attempts an item gets whose worker failed; none by default. */
  readonly retries?: number;
  /** How many items may be left out because their worker failed in every attempt; none by default: the first one fails the run. */
  readonly maxFailures?: number;
  /** The run fails when there are more items than this; 10,000 by default. */
  readonly maxItems?: number;
}

/** The options with their defaults. Throws `definition`. */
export function itemLimits(
  where: string,
  { concurrency = 8, maxItems = 10_000, retries = 0, maxFailures = 0 }: ItemOptions,
): Required<ItemOptions> {
  atLeastOne(`concurrency of ${where}`, concurrency);
  atLeastOne(`maxItems of ${where}`, maxItems);
  zeroOrMore(`retries of ${where}`, retries);
  zeroOrMore(`maxFailures of ${where}`, maxFailures);
  return { concurrency, maxItems, retries, maxFailures };
}

function zeroOrMore(what: string, value: number): void {
  if (Number.isInteger(value) && value >= 0) return;
  throw new TroupeError('definition', `${what} is a whole number from 0 on; got ${String(value)}.`);
}

/** Takes a task apart. Throws `definition` for a split that gives no list, and `invalid` when there are too many items. */
export const itemsOf =
  (where: string, split: (task: never) => readonly unknown[], most: number) =>
  (task: unknown): readonly unknown[] => {
    // The overloads of the preset say what a task is; here it is of any type.
    const items: readonly unknown[] = namedCall(`The split of ${where}`, () => split(task as never));
    if (!Array.isArray(items))
      throw new TroupeError(
        'definition',
        `The split of ${where} must give a list of items; it gave ${describeValue(items)}.`,
      );
    if (items.length > most)
      throw new TroupeError(
        'invalid',
        `The task of ${where} has ${items.length} items, and maxItems is ${most}. Raise it, or split into fewer.`,
      );
    return items;
  };

/** Several answers as one text, for a member that takes a text. */
export const listedAnswers = (answers: readonly unknown[]): string =>
  answers.map((body, index) => `${index + 1}. ${typeof body === 'string' ? body : JSON.stringify(body)}`).join('\n\n');
