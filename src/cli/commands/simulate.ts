/** `troupe simulate`: runs a definition many times with simulated faults, or repeats the run of one seed. */
import { readFile, writeFile } from 'node:fs/promises';
import type { FaultKind } from '../../testing/world/faultPlan.ts';
import type { SimulationScenario } from '../../testing/simulate/simulationScenario.ts';
import { escapeControls } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { runInput, type Runnable } from '../../define/runnable.ts';
import { cliErrorMessage, exitCodes, UsageError } from '../exit.ts';
import { inputHint, noInputOf } from '../noInput.ts';
import { readRunInput } from '../input.ts';
import { loadDefinition } from '../load.ts';
import { writeReport } from '../output/simulation.ts';
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
  /** Stops after this step and prints what happened; what no later step could mend is judged. */
  readonly until?: number;
  /** The kinds of faults, separated by commas, or `none`; all by default. */
  readonly faults?: string;
  /** The numbers of the faults that strike, separated by commas; all by default. */
  readonly only?: string;
  /** Prints the report as JSON; false by default. */
  readonly json?: boolean;
}

/** Simulates the seeds and prints a report. Seeds that failed are kept in `FILE.seeds` and run first the next time. Resolves to exit code 1 when a seed failed. */
export async function simulateCommand(cli: Cli, path: string, options: SimulateCommandOptions): Promise<number> {
  const testing = await import('../../testing/simulate/simulate.ts');
  const { file, scenario, flags } = await scenarioOf(cli, path, options);
  const seedsFile = `${file}.seeds`;
  const isSingle = options.seed !== undefined && options.seeds === undefined;
  if (options.only !== undefined && !isSingle)
    throw new UsageError(
      '--only takes the numbers of faults of one seed. Name the seed with --seed, and leave out --seeds.',
    );
  const only = options.only === undefined ? undefined : faultNumbers(options.only);
  const regressions = isSingle ? [] : await seedsIn(seedsFile);
  const showAfter = 500;
  let done = 0;
  const report = await testing.simulate(scenario, {
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    seeds: isSingle ? 1 : (options.seeds ?? 1_000),
    ...(options.until === undefined ? {} : { until: options.until }),
    ...(options.faults === undefined ? {} : { faults: faultKindsIn(options.faults) }),
    ...(only === undefined ? {} : { only }),
    regressions,
    name: path,
    flags,
    progress: () => {
      if (++done % showAfter === 0) writeMessage(cli, `${done} seeds`);
    },
  });
  const { results, ...printed } = report;
  for (const number of only ?? [])
    if (!results.some(({ faults }) => faults.some((fault) => fault.number === number)))
      writeMessage(cli, `Fault ${number} did not strike: what is simulated has changed since its number was printed.`);
  if (options.json) writeJson(cli.out, printed);
  else writeReport(cli, report);
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
): Promise<{ file: string; flags: readonly string[]; scenario: () => SimulationScenario }> {
  const { input, settings } = await readRunInput(cli, options.input, options.set);
  const { file, subject, exports } = await loadDefinition(cli.cwd, path, settings);
  const { simulation } = exports;
  // What was read from stdin cannot be read again.
  const given = options.input === '-' ? JSON.stringify(input) : options.input;
  const flags = [...(given === undefined ? [] : ['--input', given]), ...options.set.flatMap((pair) => ['--set', pair])];
  if (typeof simulation === 'function') return { file, flags, scenario: simulation as () => SimulationScenario };
  if (simulation !== undefined)
    throw new UsageError(
      `${file} exports a "simulation" that is no function. Expected () => ({ subject, input, answer?, invariants? }).`,
    );
  const scenario = { subject, input: input ?? withoutInput(subject) };
  return { file, flags, scenario: () => scenario };
}

/** What it is given without an input. Throws `UsageError` where it needs one. */
function withoutInput(subject: Runnable): object | undefined {
  const none = noInputOf(subject);
  try {
    runInput(subject, none);
  } catch (thrown) {
    throw new UsageError(`${cliErrorMessage(thrown)} ${inputHint}`, { cause: thrown });
  }
  return none;
}

/** `none`, or names separated by commas. The simulator itself refuses unknown names. */
const faultKindsIn = (text: string) =>
  (text === 'none' ? [] : text.split(',').map((kind) => kind.trim())) as FaultKind[];

/** `3,17-20`: five numbers. */
const faultNumbers = (text: string): number[] =>
  text.split(',').flatMap((part) => {
    const [, from, to = from] = /^\s*([1-9]\d{0,5})(?:-([1-9]\d{0,5}))?\s*$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from !== undefined && first <= last) return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    throw new UsageError(`--only expects the numbers of faults, separated by commas, such as 3,17-20; got "${text}".`);
  });

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
