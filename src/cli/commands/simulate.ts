/** `troupe simulate`: runs a definition many times with simulated faults, or repeats the run of one seed. */
import { readFile, writeFile } from 'node:fs/promises';
import type { FaultKind } from '../../testing/world/faultPlan.ts';
import type { SimulationFailure, SimulationReport } from '../../testing/simulate/simulate.ts';
import type { SimulationScenario } from '../../testing/simulate/simulationScenario.ts';
import { formatDuration, escapeControls } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { readRunInput } from '../input.ts';
import { loadDefinition } from '../load.ts';
import { writeMessage, writeJson } from '../output/write.ts';

/** The options of `troupe simulate`. */
export interface SimulateCommandOptions {
  /** The input, as `readRunInput` reads it. */
  readonly input?: string;
  /** Properties of the input, as `key=value`. */
  readonly set: readonly string[];
  /** The first seed, or the only one without `seeds`; 1 by default. */
  readonly seed?: number;
  /** How many seeds; 1,000 by default. */
  readonly seeds?: number;
  /** Stops after this step and prints what happened. */
  readonly until?: number;
  /** The kinds of faults, separated by commas; all by default. */
  readonly faults?: string;
  /** Prints the report as JSON; false by default. */
  readonly json?: boolean;
}

/** Simulates the seeds and prints a report. Seeds that failed are kept in `FILE.seeds` and run first the next time. Resolves to exit code 1 when a seed failed. */
export async function simulateCommand(cli: Cli, path: string, options: SimulateCommandOptions): Promise<number> {
  const testing = await import('../../testing/simulate/simulate.ts');
  const { file, scenario } = await scenarioOf(cli, path, options);
  const seedsFile = `${file}.seeds`;
  const isSingle = options.seed !== undefined && options.seeds === undefined;
  const regressions = isSingle ? [] : await seedsIn(seedsFile);
  const showAfter = 500;
  let done = 0;
  const report = await testing.simulate(scenario, {
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    seeds: isSingle ? 1 : (options.seeds ?? 1_000),
    ...(options.until === undefined ? {} : { until: options.until }),
    ...(options.faults === undefined ? {} : { faults: options.faults.split(',') as FaultKind[] }),
    regressions,
    name: path,
    progress: () => {
      if (++done % showAfter === 0) writeMessage(cli, `${done} seeds`);
    },
  });
  const { results, ...printed } = report;
  if (options.json) writeJson(cli.out, printed);
  else write(cli, report);
  if (options.until !== undefined && !options.json)
    for (const line of results[0]?.trace ?? []) cli.out.write(`${escapeControls(line)}\n`);
  const newFailures = report.failures.map(({ seed }) => seed).filter((seed) => !regressions.includes(seed));
  if (!isSingle && newFailures.length > 0) {
    await writeSeeds(seedsFile, [...regressions, ...newFailures]);
    writeMessage(cli, `The seeds that failed are kept in ${seedsFile}; they are run first from now on.`);
  }
  return report.failures.length > 0 ? exitCodes.failed : exitCodes.done;
}

/** The `simulation` that the file exports, which may have answers and invariants of its own; else its default export with the input. */
async function scenarioOf(
  cli: Cli,
  path: string,
  options: SimulateCommandOptions,
): Promise<{ file: string; scenario: () => SimulationScenario }> {
  const { input, settings } = await readRunInput(cli, options.input, options.set);
  const { file, subject, exports } = await loadDefinition(cli.cwd, path, settings);
  const { simulation } = exports;
  if (typeof simulation === 'function') return { file, scenario: simulation as () => SimulationScenario };
  if (simulation !== undefined)
    throw new UsageError(
      `${file} exports a "simulation" that is no function. Expected () => ({ subject, input, answer?, invariants? }).`,
    );
  return { file, scenario: () => ({ subject, input: input ?? {} }) };
}

async function seedsIn(path: string): Promise<number[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line, index) => {
    const written = line.replace(/#.*/, '').trim();
    if (written === '') return [];
    const seed = Number(written);
    if (Number.isSafeInteger(seed) && seed > 0) return [seed];
    throw new UsageError(`${path}:${index + 1}: expected a seed, a whole number from 1; got "${written}".`);
  });
}

const writeSeeds = (path: string, seeds: readonly number[]) =>
  writeFile(path, `# Seeds that failed once: run first by "troupe simulate", for ever.\n${seeds.join('\n')}\n`);

function write({ out }: Cli, { seeds, steps, commits, lasted, faults, failures }: SimulationReport): void {
  const counts = Object.entries(faults).map(([kind, times]) => `${times} ${kind}`);
  out.write(
    `${seeds} seeds, ${steps} steps, ${commits} commits, ${formatDuration(lasted)} of simulated time; ${counts.join(', ') || 'no faults'}.\n`,
  );
  for (const failure of failures) out.write(`\n${failureText(failure)}\n`);
  out.write(
    failures.length === 0 ? 'Nothing was lost, repeated or left standing.\n' : `\n${failures.length} failed.\n`,
  );
}

const failureText = ({ seed, problems, faults, trace, again }: SimulationFailure): string =>
  [
    `Seed ${seed}:`,
    ...problems.map((problem) => `  ${escapeControls(problem)}`),
    faults.length > 0 ? '  It fails with these faults:' : '  It fails without any fault.',
    ...faults.map(({ kind, where, at }) => `  - ${kind} at ${(at / 1_000).toFixed(3)}s: ${escapeControls(where)}`),
    '  The last events:',
    ...trace.slice(-15).map((line) => `    ${escapeControls(line)}`),
    `  Again: ${again}`,
  ].join('\n');
