/** `troupe simulate`: a definition under many seeds of everything going wrong, or one seed once more, to be looked at. */
import { readFile, writeFile } from 'node:fs/promises';
import type { FaultKind } from '../testing/world/faultPlan.ts';
import type { SimulationFailure, SimulationReport } from '../testing/simulate/simulate.ts';
import type { Scenario } from '../testing/simulate/simulationScenario.ts';
import { durationWords, visible } from '../observe/words.ts';
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { inputFrom } from './input.ts';
import { load } from './load.ts';
import { say, writeJson } from './output.ts';

export interface SimulateOptions {
  readonly input?: string;
  readonly set: readonly string[];
  readonly seed?: number;
  readonly seeds?: number;
  readonly until?: number;
  readonly faults?: string;
  readonly json?: boolean;
}

export async function simulate(cli: Cli, path: string, options: SimulateOptions): Promise<number> {
  const testing = await import('../testing/simulate/simulate.ts');
  const { file, scenario } = await scenarioOf(cli, path, options);
  const book = `${file}.seeds`;
  const alone = options.seed !== undefined && options.seeds === undefined;
  const regressions = alone ? [] : await seedsIn(book);
  const showAfter = 500;
  let done = 0;
  const report = await testing.simulate(scenario, {
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    seeds: alone ? 1 : (options.seeds ?? 1_000),
    ...(options.until === undefined ? {} : { until: options.until }),
    ...(options.faults === undefined ? {} : { faults: options.faults.split(',') as FaultKind[] }),
    regressions,
    name: path,
    progress: () => {
      if (++done % showAfter === 0) say(cli, `${done} seeds`);
    },
  });
  const { results, ...told } = report;
  if (options.json) writeJson(cli.out, told);
  else write(cli, report);
  if (options.until !== undefined && !options.json)
    for (const line of results[0]?.trace ?? []) cli.out.write(`${visible(line)}\n`);
  const news = report.failures.map(({ seed }) => seed).filter((seed) => !regressions.includes(seed));
  if (!alone && news.length > 0) {
    await remember(book, [...regressions, ...news]);
    say(cli, `The seeds that failed are kept in ${book}; they are run first from now on.`);
  }
  return report.failures.length > 0 ? exit.failed : exit.done;
}

/** The file's own `simulation`, which may have a world, answers and invariants; else its default export with the input. */
async function scenarioOf(
  cli: Cli,
  path: string,
  options: SimulateOptions,
): Promise<{ file: string; scenario: () => Scenario }> {
  const { input, settings } = await inputFrom(cli, options.input, options.set);
  const { file, subject, exports } = await load(cli.cwd, path, settings);
  const { simulation } = exports;
  if (typeof simulation === 'function') return { file, scenario: simulation as () => Scenario };
  if (simulation !== undefined)
    throw new UsageError(
      `${file} exports a "simulation" that is no function. Expected () => ({ subject, input, answer?, invariants? }).`,
    );
  return { file, scenario: () => ({ subject, input: input ?? {} }) };
}

async function seedsIn(book: string): Promise<number[]> {
  const text = await readFile(book, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line, index) => {
    const written = line.replace(/#.*/, '').trim();
    if (written === '') return [];
    const seed = Number(written);
    if (Number.isSafeInteger(seed) && seed > 0) return [seed];
    throw new UsageError(`${book}:${index + 1}: expected a seed, a whole number from 1; got "${written}".`);
  });
}

const remember = (book: string, seeds: readonly number[]) =>
  writeFile(book, `# Seeds that failed once: run first by "troupe simulate", for ever.\n${seeds.join('\n')}\n`);

function write({ out }: Cli, { seeds, steps, commits, lasted, faults, failures }: SimulationReport): void {
  const struck = Object.entries(faults).map(([kind, times]) => `${times} ${kind}`);
  out.write(
    `${seeds} seeds, ${steps} steps, ${commits} commits, ${durationWords(lasted)} of simulated time; ${struck.join(', ') || 'no faults'}.\n`,
  );
  for (const failure of failures) out.write(`\n${told(failure)}\n`);
  out.write(
    failures.length === 0 ? 'Nothing was lost, repeated or left standing.\n' : `\n${failures.length} failed.\n`,
  );
}

const told = ({ seed, problems, faults, trace, again }: SimulationFailure): string =>
  [
    `Seed ${seed}:`,
    ...problems.map((problem) => `  ${visible(problem)}`),
    faults.length > 0 ? '  It takes:' : '  It takes no fault at all.',
    ...faults.map(({ kind, where, at }) => `  - ${kind} at ${(at / 1_000).toFixed(3)}s: ${visible(where)}`),
    '  The last that happened:',
    ...trace.slice(-15).map((line) => `    ${visible(line)}`),
    `  Again: ${again}`,
  ].join('\n');
