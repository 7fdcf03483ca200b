/**
 * A script: what a scripted model or tool does, one step for each call, in order, by what the call is, or by a function.
 *
 * A step with `when` is outside the order: it answers the first calls that it fits, as often as `times` says. The other steps answer in turn.
 * A call for which no step is ready fails. The code under test may survive that, so it is remembered and reported at the end too.
 */
import { TroupeError } from '../../values/failure.ts';
import { reportFirstFailure } from './firstFailure.ts';

/** When a step applies. */
export interface ScriptCondition<When> {
  /** Answers only the calls that fit, in any order; by default the step answers the next call in turn. */
  readonly when?: When;
  /** How many calls a step with `when` answers; 1 by default, `Infinity` for any number. */
  readonly times?: number;
}

/** A step, or a function that makes one for the call. */
export type ScriptItem<Call, Step> = Step | ((call: Call) => Step);

/** How a script judges calls, and how it names them in messages. */
export interface ScriptTexts<Call, When> {
  /** Who is scripted: `The scripted model`, `The scripted tool "search"`. */
  readonly who: string;
  /** Does a call fit the condition of a step? */
  fits(when: When, call: Call): boolean;
  /** A call, as a message shows it. */
  show(call: Call): string;
}

/** A running script. */
export class Script<Call, When, Step extends ScriptCondition<When>> {
  readonly #steps: readonly Open<Call, When, Step>[];
  readonly #always: ((call: Call) => Step) | undefined;
  readonly #texts: ScriptTexts<Call, When>;
  readonly #refused: string[] = [];
  #calls = 0;

  constructor(script: readonly ScriptItem<Call, Step>[] | ((call: Call) => Step), words: ScriptTexts<Call, When>) {
    this.#texts = words;
    reportFirstFailure();
    this.#always = typeof script === 'function' ? script : undefined;
    this.#steps = typeof script === 'function' ? [] : script.map((entry) => open<Call, When, Step>(entry));
  }

  /** Gives the step for a call. Throws `invalid` when none is ready for it. */
  next(call: Call): Step {
    this.#calls++;
    const step = this.#always ? this.#always(call) : this.#take(call);
    // A function of untyped code may return nothing.
    return step ?? this.refuse(call, 'its function gave no step');
  }

  /** Throws `invalid` for this call, and again in `assertDone`. */
  refuse(call: Call, why: string): never {
    const message = `${this.#texts.who} was not ready for call ${this.#calls}: ${why}.\n${this.#texts.show(call)}`;
    this.#refused.push(message);
    throw new TroupeError('invalid', message);
  }

  /** Throws `invalid` when a call was refused, or steps are left. */
  assertDone(): void {
    const left = this.#steps.flatMap(({ entry, left: times }, at) =>
      times > 0 && times !== Infinity
        ? [`  step ${at + 1}: ${shortText(entry)}${times > 1 ? `, ${times} more times` : ''}`]
        : [],
    );
    const unused =
      left.length === 0
        ? []
        : [
            `${this.#texts.who} has ${counted(this.#steps.length, 'step')} and got ${counted(this.#calls, 'call')}; these are left, which nobody asked for:\n${left.join('\n')}`,
          ];
    const problems = [...this.#refused, ...unused];
    if (problems.length > 0) throw new TroupeError('invalid', problems.join('\n\n'));
  }

  #take(call: Call): Step | undefined {
    const steps = this.#steps;
    const found =
      steps.find(({ left, when }) => left > 0 && when !== undefined && this.#texts.fits(when, call)) ??
      steps.find(({ left, when }) => left > 0 && when === undefined);
    if (!found) return this.refuse(call, this.#why(steps));
    found.left--;
    return typeof found.entry === 'function' ? found.entry(call) : found.entry;
  }

  #why(steps: readonly Open<Call, When, Step>[]): string {
    const open = steps.filter(({ left }) => left > 0).map(({ entry }) => shortText(entry));
    if (open.length === 0) return `it has ${counted(steps.length, 'step')}, all used`;
    return `of its ${counted(steps.length, 'step')} only these are left, and none fits: ${open.join(', ')}`;
  }
}

/** A step that may still answer calls. */
interface Open<Call, When, Step> {
  readonly entry: ScriptItem<Call, Step>;
  readonly when: When | undefined;
  left: number;
}

function open<Call, When, Step extends ScriptCondition<When>>(entry: ScriptItem<Call, Step>): Open<Call, When, Step> {
  if (typeof entry === 'function' || entry.when === undefined) return { entry, when: undefined, left: 1 };
  const { when, times = 1 } = entry;
  if (times === Infinity || (Number.isInteger(times) && times > 0)) return { entry, when, left: times };
  throw new TroupeError('definition', `A step's times is a whole number above zero, or Infinity; got ${times}.`);
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** A value as text of at most 300 characters; regular expressions and functions are named. */
export const shortText = (value: unknown): string =>
  typeof value === 'function'
    ? 'a function'
    : (
        JSON.stringify(value, (_, inner: unknown) =>
          inner instanceof RegExp ? String(inner) : typeof inner === 'function' ? 'a function' : inner,
        ) ?? String(value)
      ).slice(0, 300);
