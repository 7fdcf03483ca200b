/** The figures by name: how each is calculated from a sample, and what it is called. */
import type { FigureName, Sample } from './row.ts';

export interface FigureKind {
  /** What it is called; `unit` is the unit of the row. */
  label(unit: string): string;
  /** Its value, from a sample of `units` units. */
  value(sample: Sample, units: number): number | undefined;
}

const each = (key: 'busy' | 'wall' | 'written' | 'stored' | 'kept', label: string): FigureKind => ({
  label: (unit) => `${label} per ${unit}`,
  value: ({ [key]: value }, units) => (value === undefined ? undefined : value / units),
});
const whole = (key: 'pause' | 'growth' | 'ticks' | 'modules' | 'files', label: string): FigureKind => ({
  label: () => label,
  value: ({ [key]: value }) => value,
});

export const figures: Readonly<Record<FigureName, FigureKind>> = {
  busy: each('busy', 'µs of processor time'),
  wall: each('wall', 'µs'),
  rate: { label: (unit) => `${unit}s per second`, value: ({ wall }, units) => (units / wall) * 1e6 },
  busyRate: { label: (unit) => `${unit}s per processor second`, value: ({ busy }, units) => (units / busy) * 1e6 },
  written: each('written', 'bytes written to disk'),
  stored: each('stored', 'bytes stored'),
  kept: each('kept', 'bytes of memory kept'),
  peak: { label: () => 'peak memory, MB', value: ({ peak }) => (peak === undefined ? undefined : peak / 1e6) },
  pause: whole('pause', 'longest pause of the event loop, ms'),
  growth: whole('growth', 'cost of a unit against a fifth of the work'),
  ticks: whole('ticks', 'percent of the ticks of a 10 ms timer'),
  modules: whole('modules', 'modules loaded'),
  files: whole('files', 'files of ours executed'),
};

/** The value that `share` (0 to 1) of the values do not exceed. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
export const median = (values: readonly number[]): number => percentile(values, 0.5);
