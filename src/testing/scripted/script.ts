/**
 * What somebody under test is told to do, one step for one call: in order, by what the call is, or by a function.
 *
 * A step with `when` stands outside the order: it answers the first call it fits, so many `times`. The others answer in turn.
 * Whoever calls gets an error where no step is ready; because what is under test may well survive that, it is remembered too.
 */
import { TroupeError } from '../../contracts/failure.ts';

export interface Conditional<When> {
  /** Answers only the calls that fit, whichever they are by number. */
  readonly when?: When;
  /** How many calls a step with `when` answers; one unless told otherwise, `Infinity` for as many as come. */
  readonly times?: number;
}

export type Entry<Call, Step> = Step | ((call: Call) => Step);

export interface Words<Call, When> {
  /** `The scripted model`, `The scripted tool "search"`. */
  readonly who: string;
  fits(when: When, call: Call): boolean;
  /** How a call reads in a message. */
  show(call: Call): string;
}

export class Script<Call, When, Step extends Conditional<When>> {
  readonly #steps: readonly { readonly entry: Entry<Call, Step>; left: number }[] | undefined;
  readonly #always: ((call: Call) => Step) | undefined;
  readonly #words: Words<Call, When>;
  readonly #refused: string[] = [];
  #calls = 0;

  constructor(script: readonly Entry<Call, Step>[] | ((call: Call) => Step), words: Words<Call, When>) {
    this.#words = words;
    if (typeof script === 'function') this.#always = script;
    else this.#steps = script.map((entry) => ({ entry, left: timesOf(entry) }));
  }

  /** The step for a call. Throws `invalid` when none is ready for it. */
  next(call: Call): Step {
    this.#calls++;
    const step = this.#always ? this.#always(call) : this.#take(call);
    // A function may be one that forgot a case.
    return step ?? this.refuse(call, 'its function gave no step');
  }

  /** Fails this call, and `assertDone` later. */
  refuse(call: Call, why: string): never {
    const message = `${this.#words.who} was not ready for call ${this.#calls}: ${why}.\n${this.#words.show(call)}`;
    this.#refused.push(message);
    throw new TroupeError('invalid', message);
  }

  /** Throws `invalid` when a call came that no step was ready for, or steps are left that nobody asked for. */
  assertDone(): void {
    const left = (this.#steps ?? []).flatMap(({ entry, left: times }, at) =>
      times > 0 && times !== Infinity
        ? [`  step ${at + 1}: ${inWords(entry)}${times > 1 ? `, ${times} more times` : ''}`]
        : [],
    );
    const unused =
      left.length === 0
        ? []
        : [
            `${this.#words.who} has ${counted(this.#steps!.length, 'step')} and got ${counted(this.#calls, 'call')}; these are left, which nobody asked for:\n${left.join('\n')}`,
          ];
    const problems = [...this.#refused, ...unused];
    if (problems.length > 0) throw new TroupeError('invalid', problems.join('\n\n'));
  }

  #take(call: Call): Step | undefined {
    const steps = this.#steps!;
    const found =
      steps.find(({ entry, left }) => left > 0 && isConditional(entry) && this.#words.fits(entry.when as When, call)) ??
      steps.find(({ entry, left }) => left > 0 && !isConditional(entry));
    if (!found) return this.refuse(call, this.#why(steps));
    found.left--;
    return typeof found.entry === 'function' ? found.entry(call) : found.entry;
  }

  #why(steps: readonly { readonly entry: Entry<Call, Step>; readonly left: number }[]): string {
    const open = steps.filter(({ left }) => left > 0).map(({ entry }) => inWords(entry));
    if (open.length === 0) return `it has ${counted(steps.length, 'step')}, all used`;
    return `of its ${counted(steps.length, 'step')} only these are left, and none fits: ${open.join(', ')}`;
  }
}

const isConditional = <Call, Step extends Conditional<unknown>>(entry: Entry<Call, Step>): entry is Step =>
  typeof entry !== 'function' && entry.when !== undefined;

function timesOf<Call, Step extends Conditional<unknown>>(entry: Entry<Call, Step>): number {
  if (!isConditional<Call, Step>(entry)) return 1;
  const { times = 1 } = entry;
  if (times === Infinity || (Number.isInteger(times) && times > 0)) return times;
  throw new TroupeError('definition', `A step's times is a whole number above zero, or Infinity; got ${times}.`);
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Short enough for a message, with regular expressions and functions told apart. */
export const inWords = (value: unknown): string =>
  typeof value === 'function'
    ? 'a function'
    : (
        JSON.stringify(value, (_, inner: unknown) =>
          inner instanceof RegExp ? String(inner) : typeof inner === 'function' ? 'a function' : inner,
        ) ?? String(value)
      ).slice(0, 300);
