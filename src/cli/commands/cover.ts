/** `troupe cover`: which states, transitions and guard outcomes of each machine the tests have covered. Fails below a threshold. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { escapeControls } from '../../observe/format.ts';
import { coverFolder, readCover, type CoverageFiles } from '../../testing/cover/files.ts';
import type { MachineRecord } from '../../testing/cover/record.ts';
import {
  aspects,
  sharePercent,
  reportOf,
  type Aspect,
  type MachineReport,
  type CoverageShare,
} from '../../testing/cover/report.ts';
import { exitCodes, UsageError } from '../exit.ts';
import type { Cli } from '../cli.ts';
import { coverageDiagram } from '../graph/coverageDiagram.ts';
import { renderMermaid } from '../graph/mermaid.ts';
import { writeJson, writeTable } from '../output/write.ts';

/** The options of `troupe cover`. */
export interface CoverCommandOptions {
  /** The least share that must be covered of each machine, in percent; 0 by default, as for the next two. */
  readonly minStates: number;
  readonly minTransitions: number;
  readonly minGuards: number;
  /** Ids of machines; all machines when it is empty. */
  readonly machine: readonly string[];
  /** Reads every test run in the folder, not only the newest; false by default. */
  readonly all?: boolean;
  /** Prints the report as JSON; false by default. */
  readonly json?: boolean;
  /** Prints the charts as mermaid text with counts; false by default. */
  readonly mermaid?: boolean;
  /** A folder to write a picture of each machine to. */
  readonly svg?: string;
}

/** Reports the coverage that test runs left in `folder` (`.troupe/cover` by default). Resolves to exit code 1 below a threshold. */
export async function coverCommand(cli: Cli, folder = coverFolder, options: CoverCommandOptions): Promise<number> {
  const covered = readCover(resolve(cli.cwd, folder), options);
  const records = chosen(covered, options.machine);
  const { machines } = reportOf(records);
  const below = machines.flatMap((machine) => shortfalls(machine, options));

  if (options.json) writeJson(cli.out, { files: covered.files, stale: covered.stale, machines, below });
  else if (options.mermaid) for (const record of records) cli.out.write(renderMermaid(coverageDiagram(record)));
  else write(cli, machines);
  if (options.svg !== undefined) await draw(cli, records, options.svg);

  if (covered.stale > 0)
    cli.err.write(
      `Left out: ${covered.stale} ${covered.stale === 1 ? 'file' : 'files'} of earlier runs. --all includes them; delete ${folder} to remove them.\n`,
    );
  for (const problem of below) cli.err.write(`${problem}\n`);
  return below.length > 0 ? exitCodes.failed : exitCodes.done;
}

function chosen({ records }: CoverageFiles, wanted: readonly string[]): readonly MachineRecord[] {
  const seen = new Set(records.map(({ id }) => id));
  const unseen = wanted.filter((id) => !seen.has(id));
  if (unseen.length > 0)
    throw new UsageError(
      `No test took a step of ${unseen.map((id) => `"${id}"`).join(', ')}. Seen were: ${[...seen].join(', ')}.`,
    );
  return wanted.length === 0 ? records : records.filter(({ id }) => wanted.includes(id));
}

function shortfalls(machine: MachineReport, options: CoverCommandOptions): string[] {
  const least: Record<Aspect, number> = {
    states: options.minStates,
    transitions: options.minTransitions,
    guards: options.minGuards,
  };
  return aspects
    .filter((aspect) => sharePercent(machine[aspect]) < least[aspect])
    .map(
      (aspect) =>
        `${machine.id}: ${aspect} are covered to ${sharePercent(machine[aspect])} %, asked were ${least[aspect]}.`,
    );
}

/** The figures, then what is missing, machine by machine. */
function write(cli: Cli, machines: readonly MachineReport[]): void {
  // Two versions of one machine are told apart by their hashes.
  const name = ({ id, hash }: MachineReport) =>
    machines.filter((other) => other.id === id).length > 1 ? `${id} (${hash.slice(0, 7)})` : id;
  const cell = (share: CoverageShare) => `${share.covered}/${share.total} ${sharePercent(share)}%`;
  writeTable(
    cli.out,
    ['machine', ...aspects, 'steps'],
    machines.map((each) => [name(each), ...aspects.map((aspect) => cell(each[aspect])), String(each.steps)]),
  );
  for (const machine of machines) {
    const { strays, gaps } = machine;
    const impure = `${strays} of its steps gave another result when they were repeated: a guard or an action of it is not pure`;
    const said = [...gaps.map(({ says }) => says), ...(strays > 0 ? [impure] : [])];
    if (said.length > 0) cli.out.write(`\n${[`${name(machine)}:`, ...said].map(escapeControls).join('\n  ')}\n`);
  }
}

async function draw(cli: Cli, records: readonly MachineRecord[], folder: string): Promise<void> {
  const { renderSvg } = await import('../graph/svg.ts');
  mkdirSync(resolve(cli.cwd, folder), { recursive: true });
  for (const record of records) {
    const same = records.filter(({ id }) => id === record.id).length > 1;
    const path = join(
      resolve(cli.cwd, folder),
      `${fileName(record.id)}${same ? `-${record.hash.slice(0, 7)}` : ''}.svg`,
    );
    writeFileSync(path, await renderSvg(coverageDiagram(record)));
    cli.err.write(`${relative(cli.cwd, path)}\n`);
  }
}

/** A machine's id may hold characters that a file name may not. */
const fileName = (id: string) => id.replace(/[^\w.-]+/g, '_');
