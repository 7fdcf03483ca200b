/** What is known of an effect without performing it, and what a pure one says: that one is asked itself, for it leaves no trace. */
import type { AnyActorLogic } from 'xstate';
import { sleep, type Clock } from '../../contracts/clock.ts';
import type { Outcome } from '../../contracts/effect.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import type { Pending } from '../../journal/journal.ts';
import { systemClock } from '../../system/clock.ts';
import { perform } from '../../system/effects.ts';
import type { EffectData } from '../../system/pendings.ts';
import { slow } from '../slow.ts';
import { run, type Actor } from './world.ts';

interface Options {
  readonly kind?: unknown;
  readonly idempotent?: unknown;
}

function asked(actor: Actor, { data }: Pending, what: keyof Options): unknown {
  const { src, input } = data as unknown as EffectData;
  const logic = actor.type.chart.machine.implementations.actors[src] as unknown as
    { effect?: { options: Options } } | undefined;
  const option = logic?.effect?.options[what];
  return typeof option === 'function' ? (option as (input: Json) => unknown)(input) : option;
}

export const isPure = (actor: Actor, effect: Pending): boolean => asked(actor, effect, 'kind') === 'pure';

/** A write that the world does not know by its key: after a crash nobody knows whether it happened. */
export const isBlindWrite = (actor: Actor, effect: Pending): boolean =>
  asked(actor, effect, 'kind') === 'write' && asked(actor, effect, 'idempotent') !== true;

/** Milliseconds that a pure effect may take: it only thinks. */
const patience = 5_000 * slow;

/** For what is asked here time stands still. */
const stopped: Clock = { now: () => 0, random: () => 0, id: () => 'check', wake: () => ({ [Symbol.dispose]() {} }) };

export class PureEffects {
  /** The same question has the same answer. */
  readonly #said = new Map<string, Promise<Outcome>>();

  ask(actor: Actor, { data }: Pending): Promise<Outcome> {
    const { src, input } = data as unknown as EffectData;
    const question = JSON.stringify([actor.type.name, src, input, actor.lists]);
    const known = this.#said.get(question);
    if (known) return known;
    const answer = this.#timely(src, (signal) => {
      const logic = actor.type.chart.machine.implementations.actors[src] as AnyActorLogic;
      const { address } = actor.birth;
      const list = (name: string) => Promise.resolve(actor.lists[name] ?? []);
      const scope = { key: 'check', actor: address, run, signal, deadline: undefined, clock: stopped, again: false };
      return perform(logic, data as unknown as EffectData, { ...scope, list, progress() {} });
    });
    this.#said.set(question, answer);
    return answer;
  }

  async #timely(src: string, work: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
    const over = new AbortController();
    const late = sleep(systemClock(), patience, over.signal).then(() => {
      throw new TroupeError(
        'definition',
        `"${src}" says that it is pure and did not answer within ${patience} ms. A pure effect only thinks; call it 'read' and give samples of what it answers.`,
      );
    });
    try {
      return await Promise.race([work(over.signal), late]);
    } finally {
      late.catch(() => {}); // It is called off below.
      over.abort();
    }
  }
}
