/** What an effect declares about itself, and the outcome of a pure one: a pure effect changes nothing, so it is performed. */

import { sleep, type Clock } from '../../values/clock.ts';
import type { EffectKind, Outcome } from '../../contracts/effect.ts';
import { TroupeError } from '../../values/failure.ts';

import type { PendingEffect } from '../../contracts/pending.ts';
import { systemClock } from '../../engine/clock.ts';
import { performEffect } from '../../engine/effects.ts';
import { actorLogics, optionFor, performerOf } from '../effects.ts';
import { present } from '../present.ts';
import { slow } from '../slow.ts';
import { checkedRun, type ModelActor } from './world.ts';

const logicOf = (actor: ModelActor, src: string) => actorLogics(actor.type.chart.machine)[src];

function kindOf(actor: ModelActor, effect: PendingEffect): EffectKind | undefined {
  const { src, input } = effect.data;
  return optionFor<EffectKind | undefined>(performerOf(logicOf(actor, src))?.options.kind, input, undefined);
}

function isIdempotent(actor: ModelActor, effect: PendingEffect): boolean {
  const { src, input } = effect.data;
  return optionFor(performerOf(logicOf(actor, src))?.options.idempotent, input, false);
}

/** Does the effect declare that it is pure for this input? */
export const isPure = (actor: ModelActor, effect: PendingEffect): boolean => kindOf(actor, effect) === 'pure';

/** A write that is not idempotent: after a crash it is unknown whether it happened. */
export const isBlindWrite = (actor: ModelActor, effect: PendingEffect): boolean =>
  kindOf(actor, effect) === 'write' && !isIdempotent(actor, effect);

/** Milliseconds that a pure effect may take: it computes and does not wait. */
const timeout = 5_000 * slow;

/** The clock of effects that are performed here: it does not move. */
const stopped: Clock = { now: () => 0, random: () => 0, id: () => 'check', wake: () => ({ [Symbol.dispose]() {} }) };

/** Performs pure effects, each question once. */
export class PureEffects {
  /** By question: a pure effect always gives the same outcome for it. */
  readonly #outcomes = new Map<string, Promise<Outcome>>();

  /** The outcome of an effect. Rejects with `definition` when it takes too long to be pure. */
  ask(actor: ModelActor, effect: PendingEffect): Promise<Outcome> {
    const data = effect.data;
    const { src, input } = data;
    const question = JSON.stringify([actor.type.name, src, input, actor.lists]);
    const known = this.#outcomes.get(question);
    if (known) return known;
    const answer = this.#timely(src, (signal) => {
      const logic = present(logicOf(actor, src), `The effect "${src}"`);
      const { address } = actor.spawnInfo;
      const list = (name: string) => Promise.resolve(actor.lists[name] ?? []);
      const scope = {
        key: 'check',
        actor: address,
        run: checkedRun,
        signal,
        deadline: undefined,
        clock: stopped,
        again: false,
      };
      return performEffect(logic, data, { ...scope, list, progress() {} });
    });
    this.#outcomes.set(question, answer);
    return answer;
  }

  async #timely(src: string, work: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
    const over = new AbortController();
    const late = sleep(systemClock(), timeout, over.signal).then(() => {
      throw new TroupeError(
        'definition',
        `"${src}" says that it is pure and did not answer within ${timeout} ms. A pure effect only computes; call it 'read' and give samples of what it answers.`,
      );
    });
    try {
      return await Promise.race([work(over.signal), late]);
    } finally {
      late.catch(() => {}); // The next line cancels it.
      over.abort();
    }
  }
}
