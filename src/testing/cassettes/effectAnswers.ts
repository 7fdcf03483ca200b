/** Gives effects their recorded outcomes, each when it is next in the recording. What was not recorded is performed, guessed or left without an outcome; a pure effect is computed. */
import type { Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../values/json.ts';
import { systemClock } from '../../engine/clock.ts';
import { performEffect } from '../../engine/effects.ts';
import { performerOf } from '../effects.ts';
import { phaseOf, type DriftLog } from './drift.ts';
import type { RecordedEffect } from './format.ts';
import { fitsRecorded } from './masker.ts';
import type { Recording } from './recording.ts';
import type { EffectAnswerer, EffectCall } from './recordedActorType.ts';

/** What the answers are given from. */
export interface EffectAnswersOptions {
  /** The recording. */
  readonly recording: Recording;
  /** Collects the differences. */
  readonly drifts: DriftLog;
  /** The state of an actor now, and the number of its last step. */
  readonly place: (actor: string) => { readonly state: string; readonly seq: number };
  /** Gives the nearest recorded outcome where none fits. */
  readonly lenient: boolean;
  /** Performs what was not recorded; without it nothing is ever performed. */
  readonly perform?: EffectAnswerer | undefined;
}

/** Answers the effects of a replay. */
export class EffectAnswers {
  readonly #options: EffectAnswersOptions;
  /** Recorded outcomes that are not next yet, by the key they were recorded under. */
  readonly #held = new Map<string, (outcome: Outcome) => void>();
  readonly #working = new Set<Promise<unknown>>();
  /** How many effects were asked for so far. */
  count = 0;

  constructor(options: EffectAnswersOptions) {
    this.#options = options;
  }

  /** Resolves to the outcome of one effect; never, when the recording has none and nothing may be performed. */
  readonly answer: EffectAnswerer = (call) => {
    this.count++;
    const { name, input, scope } = call;
    const { recording, drifts } = this.#options;
    const exact = recording.take(scope.actor, name, input, scope.key);
    // A recorded effect with the same input but another key is not the one that was stopped here.
    const stopped = recording.isUnanswered(scope.key) && !drifts.of(scope.actor);
    if (exact && (!stopped || exact.key === scope.key))
      return isPure(call) ? this.#compute(exact, call) : this.#hold(exact, scope.signal);
    return stopped ? unanswered(scope.signal) : this.#differs(call);
  };

  /** Was this effect asked for, and is it waiting for its outcome? */
  isHeld(key: string): boolean {
    return this.#held.has(key);
  }

  /** Gives the waiting effect its outcome. */
  release(key: string, outcome: Outcome): void {
    this.#held.get(key)?.(outcome);
    this.#held.delete(key);
  }

  /** Settles with the first of the effects that are being performed; undefined when none is. */
  get working(): Promise<unknown> | undefined {
    return this.#working.size === 0 ? undefined : Promise.race(this.#working);
  }

  #differs(call: EffectCall): Promise<Outcome> {
    const { name, input, scope } = call;
    const { recording, drifts, place, lenient, perform: live } = this.#options;
    const { state, seq } = place(scope.actor);
    const where = { actor: scope.actor, phase: phaseOf(state), seq };
    const recorded = recording.next(scope.actor, name);
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
    if (isPure(call)) return this.#perform(performLive, call);
    if (live) return this.#perform(live, call);
    if (!lenient) return unanswered(scope.signal);
    if (recorded) {
      recording.use(recorded);
      return this.#hold(recorded, scope.signal);
    }
    return Promise.resolve(recording.nearest(scope.actor, name, input)?.outcome ?? unknown(name));
  }

  /** A pure effect is part of the definition, as a route is: it is computed and compared with its recorded outcome. It still ends when that one is next. */
  async #compute(recorded: RecordedEffect, call: EffectCall): Promise<Outcome> {
    const { drifts, place } = this.#options;
    const { actor } = call.scope;
    const turn = this.#hold(recorded, call.scope.signal);
    const came = await this.#perform(performLive, call);
    if (!fitsRecorded(recorded.outcome, came)) {
      const { state, seq } = place(actor);
      drifts.add(
        {
          kind: 'outcome',
          actor,
          phase: phaseOf(state),
          seq,
          message: `"${call.name}" is pure, and comes to something else now:`,
        },
        { recorded: recorded.outcome, came },
      );
    }
    await turn;
    return came;
  }

  #hold({ key }: RecordedEffect, signal: AbortSignal): Promise<Outcome> {
    signal.addEventListener('abort', () => this.#held.delete(key), { once: true });
    return new Promise((resolve) => this.#held.set(key, resolve));
  }

  #perform(perform: EffectAnswerer, call: EffectCall): Promise<Outcome> {
    const work = perform(call);
    this.#working.add(work);
    return work.finally(() => this.#working.delete(work));
  }
}

/** Is the effect pure for every input? A tool that is pure for one input only is not performed. */
const isPure = ({ logic }: EffectCall): boolean => performerOf(logic)?.options.kind === 'pure';

/** Performs an effect as the engine does, in real time. */
export const performLive: EffectAnswerer = ({ name, input, scope, logic }) =>
  performEffect(logic, { id: '', src: name, input }, { ...scope, clock: systemClock() });

/** Ends only when the effect is stopped; the engine ignores the outcome then. */
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
