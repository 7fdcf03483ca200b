/** A crash report as words, and as an error. */
import { TroupeError } from '../../contracts/failure.ts';
import type { CrashReport, Violation } from './crashEverywhere.ts';

/**
 * Throws an error that tells of the first violations, each with its trace and the line that repeats it. Gives the report back otherwise.
 * @example expectSurvival(await crashEverywhere(() => ({ subject, input: 'Order tea.' })));
 */
export function expectSurvival(report: CrashReport): CrashReport {
  if (report.violations.length === 0) return report;
  throw new TroupeError('internal', wordsOf(report));
}

/** More than this many are counted, not told: the first ones nearly always say why. */
const told = 5;

function wordsOf({ points, crashes, partial, seed, violations }: CrashReport): string {
  const rest = violations.length - told;
  return [
    `${count(violations.length, 'violation')} in ${count(crashes, 'crash', 'crashes')} at ${count(points, 'point')}${partial ? ` (not all of them; seed ${seed})` : ''}.`,
    ...violations.slice(0, told).map(paragraph),
    ...(rest > 0 ? [`… and ${rest} more in report.violations.`] : []),
  ].join('\n\n');
}

const paragraph = ({ point, at, problem, trace, again }: Violation) =>
  [`${point}, at ${at}: ${problem}`, ...trace.map((step) => `    ${step}`), `  again: ${again}`].join('\n');

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
