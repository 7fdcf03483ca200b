/** Turns a crash report with violations into an error. */
import { TroupeError } from '../../values/failure.ts';
import type { CrashReport, Violation } from './crashEverywhere.ts';

/**
 * Throws an error of kind `internal` with the first violations, each with its trace and the call that repeats it. Returns the report when there are none.
 * @example expectSurvival(await crashEverywhere(() => ({ subject, input: 'Order tea.' })));
 */
export function expectSurvival(report: CrashReport): CrashReport {
  if (report.violations.length === 0) return report;
  throw new TroupeError('internal', messageOf(report));
}

/** Violations in the message; the others are only counted, since the first ones nearly always say why. */
const shown = 5;

function messageOf({ points, crashes, partial, seed, violations }: CrashReport): string {
  const rest = violations.length - shown;
  return [
    `${count(violations.length, 'violation')} in ${count(crashes, 'crash', 'crashes')} at ${count(points, 'point')}${partial ? ` (not all of them; seed ${seed})` : ''}.`,
    ...violations.slice(0, shown).map(paragraph),
    ...(rest > 0 ? [`… and ${rest} more in report.violations.`] : []),
  ].join('\n\n');
}

const paragraph = ({ point, at, problem, trace, again }: Violation) =>
  [`${point}, at ${at}: ${problem}`, ...trace.map((step) => `    ${step}`), `  again: ${again}`].join('\n');

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
