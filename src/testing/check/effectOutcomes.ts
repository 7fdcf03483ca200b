/** The possible outcomes of an effect that is not performed: a sample of its output, or a failure. */
import type { Outcome } from '../../contracts/effect.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { requireInput } from '../../values/plain.ts';

import type { PendingEffect } from '../../contracts/pending.ts';
import type { PossibleOutcome } from './model.ts';
import { shortJson } from './format.ts';

const busy = new TroupeError('transient', 'The other side is busy or away.');

/** The outcome that an effect gives this output. */
export const succeedsWith = (src: string, output: Json): PossibleOutcome => ({
  outcome: { ok: true, output },
  says: `${src} gives ${shortJson(output)}`,
});
/** The outcome that an effect fails with what was thrown. */
export const failsWith = (src: string, thrown: unknown): PossibleOutcome => {
  const failure = toFailure(thrown);
  return { outcome: { ok: false, failure }, says: `${src} fails: ${failure.kind}` };
};

/** Outcomes by the user's samples; without samples, the effect gives `null` or fails as `transient`. */
export function sampledOutcomes(samples: Readonly<Record<string, readonly unknown[]>> = {}) {
  const known = new Map<string, readonly PossibleOutcome[]>();
  return (effect: Pick<PendingEffect, 'data'>): readonly PossibleOutcome[] => {
    const { src } = effect.data;
    const before = known.get(src);
    if (before) return before;
    const own = Object.hasOwn(samples, src) ? samples[src] : undefined;
    const given = own ?? [null];
    const outputs = given
      .filter((sample) => !(sample instanceof Error))
      .map((sample) => ({
        ...succeedsWith(src, requireInput(`A sample of "${src}"`, sample)),
        ...(own ? {} : { guessed: true as const }),
      }));
    const errors = given.filter((sample) => sample instanceof Error);
    const outcomes = [...outputs, ...(errors.length > 0 ? errors : [busy]).map((error) => failsWith(src, error))];
    known.set(src, outcomes);
    return outcomes;
  };
}

/** What an outcome says, for people. */
export const outcomeWords = (src: string, outcome: Outcome): { says: string } => ({
  says: outcome.ok ? `${src} gives ${shortJson(outcome.output)}` : `${src} fails: ${outcome.failure.kind}`,
});
