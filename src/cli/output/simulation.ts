/** Prints the report of a simulation. */
import type { SimulationFailure } from '../../testing/simulate/failure.ts';
import type { SimulationReport } from '../../testing/simulate/simulate.ts';
import { escapeControls, formatDuration } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';

/** Counts, then every failure with the command that repeats it, then the verdict. */
export function writeReport({ out }: Pick<Cli, 'out'>, report: SimulationReport): void {
  const { seeds, steps, commits, lasted, faults, failures } = report;
  const counts = Object.entries(faults).map(([kind, times]) => `${times} ${kind}`);
  out.write(
    `${seeds} seeds, ${steps} steps, ${commits} commits, ${formatDuration(lasted)} of simulated time; ${counts.join(', ') || 'no faults'}.\n`,
  );
  for (const failure of failures) out.write(`\n${failureText(failure)}\n`);
  out.write(failures.length === 0 ? `${verdict(report)}\n` : `\n${failures.length} failed.\n`);
}

function verdict({ results }: SimulationReport): string {
  const stopped = results.filter(({ end }) => end === 'stopped').length;
  if (stopped === 0) return 'Nothing was lost, repeated or left standing.';
  return `${stopped} stopped before the end: whether everything ends, and what invariants say, was not looked at. Nothing was lost or repeated by then.`;
}

const failureText = ({ seed, problems, faults, others, trace, steps, again, againInFull }: SimulationFailure): string =>
  [
    `Seed ${seed}:`,
    ...problems.filter((problem) => !others.includes(problem)).map(line),
    faults.length > 0 ? '  It fails with these faults:' : '  It fails without any fault.',
    ...faults.map(
      ({ number, kind, where, at }) =>
        `  - ${number}: ${kind} at ${(at / 1_000).toFixed(3)}s: ${escapeControls(where)}`,
    ),
    '  The last events:',
    ...trace.slice(-15).map((event) => `    ${escapeControls(event)}`),
    ...(again === undefined
      ? ['  It did not fail again by itself: something that the scenario uses is not made anew for each seed.']
      : [`  Again: ${again}`, ...(again.includes(' --until ') ? [] : [`  With all its events: add --until ${steps}`])]),
    ...(others.length === 0 ? [] : ['  With all faults of the seed, also:', ...others.map(line)]),
    ...(againInFull === again ? [] : [`  With all faults: ${againInFull}`]),
  ].join('\n');

const line = (problem: string) => `  ${escapeControls(problem)}`;
