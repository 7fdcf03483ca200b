/** How long something may take, as people write it: `'2m'`, `'500ms'`, or a number of milliseconds. */
import { TroupeError } from './failure.ts';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** A number of milliseconds, or a number with a unit: ms, s, m, h or d. */
export type Duration = number | `${number}${keyof typeof units}`;

/** Whole milliseconds, at least one. Throws `definition` for anything that is not a positive, finite duration. */
export function milliseconds(value: Duration): number {
  const ms = typeof value === 'number' ? value : parse(value);
  if (Number.isFinite(ms) && ms > 0) return Math.max(1, Math.round(ms));
  throw new TroupeError(
    'definition',
    `A duration is a positive number of milliseconds or a number with a unit (${Object.keys(units).join(', ')}), such as '500ms' or '2m'; got ${describe(value)}.`,
  );
}

function parse(value: unknown): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(value)) ?? [];
  return isUnit(unit) ? Number(count) * units[unit] : NaN;
}

const isUnit = (unit: string | undefined): unit is keyof typeof units =>
  unit !== undefined && Object.hasOwn(units, unit);

const describe = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value));
