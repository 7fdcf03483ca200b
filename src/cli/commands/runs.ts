/** `troupe runs list` and `prune`: lists runs, and deletes old ones. */
import type { ActorStatus } from '../../contracts/inspection.ts';
import { shortenState } from '../../observe/format.ts';
import { standings } from '../../runtime/standing.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import {
  existingJournalOptions,
  orchestratorStatuses,
  runStatuses,
  type RunStatus,
  type CommonOptions,
} from '../options.ts';
import { formatAge, formatTime, writeMessage, writeJson, writeTable } from '../output/write.ts';
import { orchestratorUrl, type RemoteOrchestratorOptions } from '../orchestratorOptions.ts';
import { runOriginOf, rowSummary } from '../runRows.ts';
import { clientOn } from '../openClient.ts';
import { deleteCodeOfPruned } from '../unusedCode.ts';
import { standingsIn, type ShownStanding } from '../runStandings.ts';

function fits({ status, paused }: ShownStanding, wanted: RunStatus | undefined): boolean {
  const isActive = standings.some((each) => each === status);
  switch (wanted) {
    case undefined:
      return true;
    case 'active':
      return isActive;
    case 'completed':
      return status === 'done';
    case 'paused':
      return paused === true;
    case 'running':
      return isActive && status !== 'waiting' && paused !== true;
    default:
      return wanted === status;
  }
}

/** Only runs that have not ended can have these. */
const unended: readonly (RunStatus | undefined)[] = ['active', 'running', 'paused', ...standings];

/** The newest runs with a status. The actor of an agent that failed has the status `done`, so each outcome is read. */
async function rootsOf(
  cli: Cli,
  runtime: Runtime,
  options: CommonOptions & { readonly status?: RunStatus; readonly limit: number; readonly flow?: string },
) {
  const { status, limit, flow } = options;
  const actorStatuses: ActorStatus[] = unended.includes(status) ? ['active'] : ['active', 'done', 'failed', 'stopped'];
  for (let size = limit; ; size *= 4) {
    const rows = await runtime.journal.find({
      parent: null,
      limit: size,
      status: actorStatuses,
      ...(flow === undefined ? {} : { definition: flow }),
    });
    const standingOf = await standingsIn(cli, options, runtime, rows);
    const found = rows
      .map((row) => ({ row, standing: standingOf(row) }))
      .filter(({ standing }) => fits(standing, status));
    if (found.length >= limit || rows.length < size) return found.slice(0, limit);
  }
}

/** Lists runs, newest first; of one status only if the options name it. */
export async function listRuns(
  cli: Cli,
  options: CommonOptions &
    RemoteOrchestratorOptions & {
      status?: RunStatus;
      limit: number;
      workflow?: string;
      flow?: string;
      cursor?: string;
    },
): Promise<number> {
  const url = orchestratorUrl(cli, options);
  if (url !== undefined) return (await import('./httpRuns.ts')).listHttpRuns(cli, url, options);
  if (orchestratorStatuses.some((status: string) => status === options.status))
    throw new UsageError(
      `"${options.status}" is a status of an orchestrator: name it with --orchestrator URL, or ask for one of ${runStatuses.join(', ')}.`,
    );
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  if (options.cursor !== undefined)
    return await (await import('./runPages.ts')).listRunPage(cli, runtime, { ...options, cursor: options.cursor });
  const roots = await rootsOf(cli, runtime, options);
  if (options.json)
    writeJson(
      cli.out,
      roots.map(({ row, standing: { status, ...more } }) => ({ ...rowSummary(row), outcome: status, ...more })),
    );
  else if (roots.length === 0) writeMessage(cli, 'No runs. Start one with: troupe run FILE');
  else {
    const now = cli.clock.now();
    writeTable(
      cli.out,
      ['RUN', 'NAME', 'STATUS', 'NEEDS', 'STATE', 'STARTED', 'MOVED'],
      roots.map(({ row, standing }) => [
        row.run,
        runOriginOf(row).name ?? row.type,
        standing.status,
        standing.needs ?? '-',
        shortenState(row.state),
        formatTime(row.created),
        formatAge(now, row.updated),
      ]),
    );
  }
  return exitCodes.done;
}

/** Deletes runs that ended more than `olderThan` milliseconds ago. */
export async function pruneRuns(cli: Cli, options: CommonOptions & { olderThan: number }): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const { executions } = await clientOn(cli, runtime);
  const { runs } = await executions.prune({ olderThan: `${options.olderThan}ms` });
  await deleteCodeOfPruned(cli, options, runtime.journal);
  if (options.json) writeJson(cli.out, { runs });
  else writeMessage(cli, `Deleted ${runs} ${runs === 1 ? 'run' : 'runs'}.`);
  return exitCodes.done;
}
