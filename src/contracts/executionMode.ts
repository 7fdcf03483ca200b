/** How many tasks of an orchestration are worked on at once. */
import { TroupeError } from '../values/failure.ts';

/** How many tasks at once: `auto` up to 64, `concurrent` up to 256, `parallel:N` up to N; or one after the other, each by itself or each with the answer of the one before it. */
export type ExecutionMode = 'auto' | 'sequential' | 'concurrent' | `parallel:${number}` | 'pipeline';

const maxConcurrency = 1_000;
const concurrencyByMode = { auto: 64, sequential: 1, concurrent: 256, pipeline: 1 } as const;

/** How many tasks a mode allows at once. Throws `definition` for an unknown mode. */
export function concurrencyOf(mode: string): number {
  if (Object.hasOwn(concurrencyByMode, mode)) return concurrencyByMode[mode as keyof typeof concurrencyByMode];
  const [, digits] = /^parallel:(\d+)$/.exec(mode) ?? [];
  const wanted = Number(digits);
  if (wanted >= 1 && wanted <= maxConcurrency) return wanted;
  throw new TroupeError(
    'definition',
    `The mode must be auto, sequential, concurrent, pipeline or parallel:N with N from 1 to ${maxConcurrency}; got ${JSON.stringify(mode)}.`,
  );
}
/** Is it a mode that `concurrencyOf` knows? */
export const isMode = (mode: unknown): mode is ExecutionMode => {
  try {
    return typeof mode === 'string' && concurrencyOf(mode) > 0;
  } catch {
    return false;
  }
};
