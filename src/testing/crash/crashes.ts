/** The crashes of a run: one before every point and one after it, and those of them that the options choose. */
import { TroupeError } from '../../values/failure.ts';
import { virtualClock } from '../clock.ts';
import type { KillPoint } from './killPoint.ts';
import type { CrashOptions } from './scenario.ts';

/** One crash of `crashEverywhere`. */
export interface Crash {
  /** `12 after`: the twelfth point, killed when it was done. */
  readonly name: string;
  /** What is done there, in words. */
  readonly description: string;
  readonly killPoint: KillPoint;
}

/** Two crashes for every point of the undisturbed run. */
export const crashesAt = (points: readonly string[]): readonly Crash[] =>
  points.flatMap((description, index) =>
    (['before', 'after'] as const).map((when) => ({
      name: `${index + 1} ${when}`,
      description,
      killPoint: { at: index + 1, when },
    })),
  );

/** Throws `invalid` when the options make no sense. */
export function requireValidOptions({ sample = 1, seed = 1, patience = 1 }: CrashOptions): void {
  for (const [name, value, most, says] of [
    ['sample', sample, Infinity, 'how many crashes to draw'],
    ['seed', seed, 2 ** 32 - 1, 'what decides every chance'],
    ['patience', patience, Infinity, 'how often a run may be moved on'],
  ] as const)
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw invalid(
        `${name} is ${says}, a whole number from 1${most < Infinity ? ` to ${most}` : ' on'}; it is ${value}.`,
      );
}

/** Those that the options ask for. Throws `invalid` when one of them is none of these. */
export function chooseCrashes(all: readonly Crash[], { only, sample, seed = 1 }: CrashOptions): readonly Crash[] {
  const unknown = only?.filter((wanted) => !all.some(({ name }) => name === wanted)) ?? [];
  if (unknown.length > 0)
    throw invalid(
      `There is no point ${unknown.map((name) => `"${name}"`).join(', ')}. This run has ${all.length / 2} points, "1 before" and "1 after" to "${all.length / 2} after".`,
    );
  const candidates = all.filter(({ name }) => only?.includes(name) ?? true);
  if (sample === undefined || sample >= candidates.length) return candidates;
  // The seed is spread first: neighbouring seeds would begin with the same draws.
  const { random } = virtualClock({ seed: Math.imul(seed, 0x9e3779b1) });
  const drawn = new Set<number>();
  while (drawn.size < sample) drawn.add(Math.floor(random() * candidates.length));
  return candidates.filter((_, index) => drawn.has(index));
}

const invalid = (message: string) => new TroupeError('invalid', message);
