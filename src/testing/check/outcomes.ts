/** How an effect may end when it is not performed: with a sample of its answer, or with a failure. */
import type { Outcome } from '../../contracts/effect.ts';
import { toFailure, TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import { requireInput } from '../../contracts/plain.ts';
import type { EffectData } from '../../contracts/pending.ts';
import type { Pending } from '../../journal/journal.ts';
import type { Possible } from './stage.ts';
import { short } from './words.ts';

const busy = new TroupeError('transient', 'The other side is busy or away.');

export const gives = (src: string, output: Json): Possible => ({
  outcome: { ok: true, output },
  says: `${src} gives ${short(output)}`,
});
export const fails = (src: string, thrown: unknown): Possible => {
  const failure = toFailure(thrown);
  return { outcome: { ok: false, failure }, says: `${src} fails: ${failure.kind}` };
};

/** From what the user gave; without, the effect gives `null`, or fails. */
export function sampled(samples: Readonly<Record<string, readonly unknown[]>> = {}) {
  const known = new Map<string, readonly Possible[]>();
  return ({ data }: Pick<Pending, 'data'>): readonly Possible[] => {
    const { src } = data as unknown as EffectData;
    const before = known.get(src);
    if (before) return before;
    const isGiven = Object.hasOwn(samples, src);
    const given = isGiven ? samples[src]! : [null];
    const answers = given
      .filter((sample) => !(sample instanceof Error))
      .map((sample) => ({
        ...gives(src, requireInput(`A sample of "${src}"`, sample)),
        ...(isGiven ? {} : { guessed: true as const }),
      }));
    const errors = given.filter((sample) => sample instanceof Error);
    const made = [...answers, ...(errors.length > 0 ? errors : [busy]).map((error) => fails(src, error))];
    known.set(src, made);
    return made;
  };
}

export const told = (src: string, outcome: Outcome): { says: string } => ({
  says: outcome.ok ? `${src} gives ${short(outcome.output)}` : `${src} fails: ${outcome.failure.kind}`,
});
