/** `troupe graph`: the chart of what a file defines, as mermaid text or as a picture; for a team also the state of one of its runs. */
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { chartDiagram, teamDiagram, type TeamRunState } from '../graph/diagram.ts';
import { renderMermaid } from '../graph/mermaid.ts';
import { readRunInput } from '../input.ts';
import { loadDefinition } from '../load.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { restartCounts } from '../output/restartLimits.ts';
import { actorRowsOf } from '../runRows.ts';
import { isWorkflowFile } from '../workflowFile.ts';

/** The options of `troupe graph`. */
export interface GraphCommandOptions extends CommonOptions {
  /** Prints a picture instead of mermaid text; false by default. */
  readonly svg?: boolean;
  /** Properties of the input, as `key=value`, for a file that exports a function. */
  readonly set: readonly string[];
  /** A run of the team, whose state is shown. */
  readonly run?: string;
}

/** Prints the chart. */
export async function graphCommand(
  cli: Cli,
  path: string,
  { svg, set, run, ...shared }: GraphCommandOptions,
): Promise<number> {
  if (isWorkflowFile(path)) {
    if (svg) throw new UsageError('A workflow is drawn as mermaid text: leave out --svg.');
    const { db } = shared;
    const ofRun = run === undefined ? {} : { run, ...(db === undefined ? {} : { db }) };
    return (await import('./workflow/graph.ts')).workflowGraphCommand(cli, path, ofRun);
  }
  const { subject } = await loadDefinition(cli.cwd, path, (await readRunInput(cli, undefined, set)).settings);
  if (run !== undefined && subject.kind !== 'team')
    throw new UsageError(
      `--run shows the state of a team; ${path} defines ${subject.kind === 'agent' ? 'an' : 'a'} ${subject.kind}.`,
    );
  const diagram =
    subject.kind === 'team'
      ? teamDiagram(subject, run === undefined ? undefined : await runState(cli, run, shared))
      : chartDiagram(await (await import('../../runtime/charts.ts')).chartOf(subject));
  // The layout is large and needed here only.
  cli.out.write(svg ? await (await import('../graph/svg.ts')).renderSvg(diagram) : renderMermaid(diagram));
  return exitCodes.done;
}

async function runState(cli: Cli, run: string, shared: CommonOptions): Promise<TeamRunState> {
  await using runtime = await cli.open(await existingJournalOptions(cli, shared));
  const rows = await actorRowsOf(runtime.journal, run);
  const [root] = rows;
  const limits = await restartCounts(runtime.journal, rows, cli.clock.now());
  const working = rows.filter(({ parent, status }) => parent === root.actor && status === 'active');
  return {
    countedRestarts: limits.get(root.actor)?.counted ?? 0,
    activeByMember: new Map(working.map(({ type }) => [type, working.filter((other) => other.type === type).length])),
  };
}
