/** Answers effects from a tape. What the tape has is held back until its turn; what it lacks is performed, guessed, or never answered. What is pure is computed. */
import type { EffectOptions, Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../contracts/json.ts';
import { systemClock } from '../../system/clock.ts';
import { perform } from '../../system/effects.ts';
import { phaseOf, type Drifts } from './drift.ts';
import type { TapedEffect } from './format.ts';
import { fitsRecorded } from './masked.ts';
import type { Tape } from './tape.ts';
import type { Answerer, Ask } from './taped.ts';

export interface AnswerOptions {
  readonly tape: Tape;
  readonly drifts: Drifts;
  /** Where an actor stands now, and after which step. */
  readonly place: (actor: string) => { readonly state: string; readonly seq: number };
  /** Goes on with the nearest recorded outcome where none fits. */
  readonly lenient: boolean;
  /** Performs what the tape lacks; without it nothing is ever performed. */
  readonly perform?: Answerer | undefined;
}

export class Answers {
  readonly #options: AnswerOptions;
  /** Those that wait for their turn, by the key they were recorded under. */
  readonly #held = new Map<string, (outcome: Outcome) => void>();
  readonly #working = new Set<Promise<unknown>>();
  /** Everything that was asked so far. */
  count = 0;

  constructor(options: AnswerOptions) {
    this.#options = options;
  }

  readonly answer: Answerer = (ask) => {
    this.count++;
    const { name, input, scope } = ask;
    const { tape, drifts } = this.#options;
    const exact = tape.take(scope.actor, name, input, scope.key);
    // One with the same input that was recorded later, under another key, is not the one that was stopped here.
    const stopped = tape.isUnanswered(scope.key) && !drifts.of(scope.actor);
    if (exact && (!stopped || exact.key === scope.key))
      return isPure(ask) ? this.#anew(exact, ask) : this.#hold(exact, scope.signal);
    return stopped ? unanswered(scope.signal) : this.#differs(ask);
  };

  /** Is this one asked for and waiting for its turn? */
  isHeld(key: string): boolean {
    return this.#held.has(key);
  }

  release(key: string, outcome: Outcome): void {
    this.#held.get(key)?.(outcome);
    this.#held.delete(key);
  }

  /** What is being performed for real; undefined when nothing is. */
  get working(): Promise<unknown> | undefined {
    return this.#working.size === 0 ? undefined : Promise.race(this.#working);
  }

  #differs(ask: Ask): Promise<Outcome> {
    const { name, input, scope } = ask;
    const { tape, drifts, place, lenient, perform: live } = this.#options;
    const { state, seq } = place(scope.actor);
    const where = { actor: scope.actor, phase: phaseOf(state), seq };
    const recorded = tape.next(scope.actor, name);
    if (recorded)
      drifts.add(
        { ...where, kind: 'input', message: `"${name}" was asked with another input than was recorded:` },
        { recorded: recorded.input, came: input },
      );
    else
      drifts.add({
        ...where,
        kind: 'unrecorded',
        message: `"${name}" was asked, which was not recorded here; its input: ${brief(input)}`,
      });
    if (isPure(ask)) return this.#perform(really, ask);
    if (live) return this.#perform(live, ask);
    if (!lenient) return unanswered(scope.signal);
    if (recorded) return this.#hold(tape.use(recorded)!, scope.signal);
    return Promise.resolve(tape.nearest(scope.actor, name, input)?.outcome ?? unknown(name));
  }

  /** What is pure is part of the definition, as a route is: it is computed, and compared with what it came to. Its turn stays its turn. */
  async #anew(recorded: TapedEffect, ask: Ask): Promise<Outcome> {
    const { drifts, place } = this.#options;
    const { actor } = ask.scope;
    const turn = this.#hold(recorded, ask.scope.signal);
    const came = await this.#perform(really, ask);
    if (!fitsRecorded(recorded.outcome, came)) {
      const { state, seq } = place(actor);
      drifts.add(
        {
          kind: 'outcome',
          actor,
          phase: phaseOf(state),
          seq,
          message: `"${ask.name}" is pure, and comes to something else now:`,
        },
        { recorded: recorded.outcome, came },
      );
    }
    await turn;
    return came;
  }

  #hold({ key }: TapedEffect, signal: AbortSignal): Promise<Outcome> {
    signal.addEventListener('abort', () => this.#held.delete(key), { once: true });
    return new Promise((resolve) => this.#held.set(key, resolve));
  }

  #perform(perform: Answerer, ask: Ask): Promise<Outcome> {
    const work = perform(ask);
    this.#working.add(work);
    return work.finally(() => this.#working.delete(work));
  }
}

/** Always pure, whatever its input: a tool that says so of itself is still somebody's tool. */
const isPure = ({ logic }: Ask): boolean =>
  (logic as { readonly effect?: { readonly options: EffectOptions<Json> } }).effect?.options.kind === 'pure';

/** Performs it as the engine does, in real time. */
export const really: Answerer = ({ name, input, scope, logic }) =>
  perform(logic, { id: '', src: name, input }, { ...scope, clock: systemClock() });

/** Ends only with whoever asked; the engine does not listen any more then. */
const unanswered = (signal: AbortSignal): Promise<Outcome> =>
  new Promise((resolve) =>
    signal.addEventListener(
      'abort',
      () => resolve({ ok: false, failure: { kind: 'cancelled', message: 'Stopped.', retryable: false } }),
      { once: true },
    ),
  );

const unknown = (name: string): Outcome => ({
  ok: false,
  failure: {
    kind: 'environment',
    message: `Nothing that "${name}" gave was recorded, and nothing is performed in a replay.`,
    retryable: false,
  },
});

const brief = (input: Json): string => JSON.stringify(input).slice(0, 300);
