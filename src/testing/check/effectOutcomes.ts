/** The possible outcomes of an effect that is not performed: a sample of its output, or a failure. */
import type { Outcome } from '../../contracts/effect.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { requireInput } from '../../values/plain.ts';

import type { Pending } from '../../journal/journal.ts';
import { effectOf } from '../pendingData.ts';
import type { Possible } from './model.ts';
import { short } from './format.ts';

const busy = new TroupeError('transient', 'The other side is busy or away.');

/** The outcome that an effect gives this output. */
export const gives = (src: string, output: Json): Possible => ({
  outcome: { ok: true, output },
  says: `${src} gives ${short(output)}`,
});
/** The outcome that an effect fails with what was thrown. */
export const fails = (src: string, thrown: unknown): Possible => {
  const failure = toFailure(thrown);
  return { outcome: { ok: false, failure }, says: `${src} fails: ${failure.kind}` };
};

/** Outcomes by the user's samples; without samples, the effect gives `null` or fails as `transient`. */
export function sampled(samples: Readonly<Record<string, readonly unknown[]>> = {}) {
  const known = new Map<string, readonly Possible[]>();
  return (effect: Pick<Pending, 'data'>): readonly Possible[] => {
    const { src } = effectOf(effect);
    const before = known.get(src);
    if (before) return before;
    const own = Object.hasOwn(samples, src) ? samples[src] : undefined;
    const given = own ?? [null];
    const outputs = given
      .filter((sample) => !(sample instanceof Error))
      .map((sample) => ({
        ...gives(src, requireInput(`A sample of "${src}"`, sample)),
        ...(own ? {} : { guessed: true as const }),
      }));
    const errors = given.filter((sample) => sample instanceof Error);
    const outcomes = [...outputs, ...(errors.length > 0 ? errors : [busy]).map((error) => fails(src, error))];
    known.set(src, outcomes);
    return outcomes;
  };
}

/** What an outcome says, for people. */
export const told = (src: string, outcome: Outcome): { says: string } => ({
  says: outcome.ok ? `${src} gives ${short(outcome.output)}` : `${src} fails: ${outcome.failure.kind}`,
});
