/** `troupe graph`: the chart of what a file defines, as mermaid text or as a picture; for a team also the state of one of its runs. */
import type { Cli } from '../cli.ts';
import { exit, UsageError } from '../exit.ts';
import { chartDiagram, teamDiagram, type RunStanding } from '../graph/diagram.ts';
import { mermaid } from '../graph/mermaid.ts';
import { inputFrom } from '../input.ts';
import { load } from '../load.ts';
import { existing, type Shared } from '../options.ts';
import { standings } from '../output/restartLimits.ts';
import { actorsOf } from '../runRows.ts';

/** The options of `troupe graph`. */
export interface GraphOptions extends Shared {
  /** Prints a picture instead of mermaid text; false by default. */
  readonly svg?: boolean;
  /** Properties of the input, as `key=value`, for a file that exports a function. */
  readonly set: readonly string[];
  /** A run of the team, whose state is shown. */
  readonly run?: string;
}

/** Prints the chart. */
export async function graph(cli: Cli, path: string, { svg, set, run, ...shared }: GraphOptions): Promise<number> {
  const { subject } = await load(cli.cwd, path, (await inputFrom(cli, undefined, set)).settings);
  if (run !== undefined && subject.kind !== 'team')
    throw new UsageError(
      `--run shows the state of a team; ${path} defines ${subject.kind === 'agent' ? 'an' : 'a'} ${subject.kind}.`,
    );
  const diagram =
    subject.kind === 'team'
      ? teamDiagram(subject, run === undefined ? undefined : await runState(cli, run, shared))
      : chartDiagram(await (await import('../../runtime/charts.ts')).chartOf(subject));
  // The layout is large and needed here only.
  cli.out.write(svg ? await (await import('../graph/svg.ts')).picture(diagram) : mermaid(diagram));
  return exit.done;
}

async function runState(cli: Cli, run: string, shared: Shared): Promise<RunStanding> {
  await using runtime = await cli.open(await existing(cli, shared));
  const rows = await actorsOf(runtime.journal, run);
  const [root] = rows;
  const limits = await standings(runtime.journal, rows, cli.clock.now());
  const working = rows.filter(({ parent, status }) => parent === root.actor && status === 'active');
  return {
    counted: limits.get(root.actor)?.counted ?? 0,
    atWork: new Map(working.map(({ type }) => [type, working.filter((other) => other.type === type).length])),
  };
}
