/** How much an expression may cost: a workflow is data, and no data may keep the process busy. */
import type { Json } from '../../values/json.ts';
import { TroupeError } from '../../values/failure.ts';

/** The longest expression, in characters. */
export const maxExpressionLength = 4_096;
/** How deep an expression may be nested. */
export const maxExpressionDepth = 64;
/** How many steps one evaluation may take: every node that is visited, and every element that is looked at, is one. */
const maxSteps = 500_000;
/** The largest text that a template may give, in characters. */
export const maxTextLength = 1_048_576;
/** The largest value that an expression may build, in characters of its JSON text. A part of the data that is only selected has no limit. */
const maxBuiltSize = 10 * 1_048_576;
/** How many values a built value may have in it. */
const maxBuiltValues = 250_000;

/** Counts what one evaluation costs. Throws `budget` when it is too much. */
export class EvaluationBudget {
  #steps = maxSteps;
  #made: Set<object> | undefined;

  /** Takes steps from the budget. */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0)
      throw new TroupeError(
        'budget',
        `An expression takes more than ${maxSteps.toLocaleString('en')} steps. Let it read less, or split the work into several steps.`,
      );
  }

  /** Notes a list or an object that the expression has built. */
  made<Built extends object>(built: Built): Built {
    (this.#made ??= new Set()).add(built);
    return built;
  }

  /** Refuses a value that the expression has built, and that is too large or repeats itself many times. */
  checkSize(value: Json): void {
    if (this.#isMade(value) && sizeOf(value) > maxBuiltSize) throw tooLarge();
  }

  /** Refuses a text of so many characters, and counts what it costs to make a shorter one. */
  checkText(length: number): void {
    if (length > maxTextLength) throw tooLarge();
    this.spend(length >> 4);
  }

  #isMade(value: Json): boolean {
    return typeof value === 'object' && value !== null && this.#made?.has(value) === true;
  }
}

const tooLarge = (): TroupeError =>
  new TroupeError(
    'budget',
    `An expression builds more than 10 MB, ${maxBuiltValues.toLocaleString('en')} values, or a text of more than 1 MB. Let it select less, or pass a list to a transform.`,
  );

/** About how long the JSON text of a value is; it stops counting above the limits. */
function sizeOf(value: Json): number {
  let size = 0;
  let values = 0;
  const open: Json[] = [value];
  for (let next = open.pop(); next !== undefined && size <= maxBuiltSize; next = open.pop()) {
    if (++values > maxBuiltValues) return Infinity;
    if (typeof next === 'string') size += next.length + 2;
    else if (next === null || typeof next !== 'object') size += 4;
    else if (Array.isArray(next)) {
      size += 2 + next.length;
      for (const item of next as readonly Json[]) open.push(item);
    } else {
      for (const [key, inner] of Object.entries<Json>(next)) {
        size += key.length + 4;
        open.push(inner);
      }
    }
  }
  return size;
}
