/** How long something may take, as workflow files write it: `500ms`, `30m`, `1h30m`, `2d`. */

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What a duration looks like. */
export const goDurationPattern = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/;

/** The longest that anything may take, in milliseconds: ten years. */
const longest = 10 * 365 * 86_400_000;

/** Whole milliseconds, at least one. Undefined for what is no positive duration, or is longer than ten years. */
export function goDuration(text: string): number | undefined {
  if (!goDurationPattern.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g))
    sum += Number(count) * (units[unit] ?? NaN);
  return sum > 0 && sum <= longest ? Math.max(1, Math.round(sum)) : undefined;
}
