/** `troupe runs list`, `get` and `prune`: lists runs, shows one, and deletes old ones. */
import type { ActorStatus } from '../../contracts/inspection.ts';
import type { JsonObject } from '../../values/json.ts';
import type { OrchestrationMonitor } from '../../contracts/orchestration.ts';
import type { ActorRow } from '../../journal/journal.ts';
import { shortenState, escapeControls } from '../../observe/format.ts';
import { monitorOf } from '../../runtime/monitor.ts';
import { writeMonitor } from '../../formats/monitor.ts';
import { standings, standingsOf, type RunStanding } from '../../runtime/standing.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { outcomeOf, type EndedOutcome } from '../../runtime/outcome.ts';
import { withUnsettled } from '../../runtime/unsettled.ts';
import { journalOption } from '../output/shellWord.ts';
import { unsettledText } from '../output/unsettledText.ts';
import type { RunHolder } from '../../cluster/standings.ts';
import type { Cli, OutputStream } from '../cli.ts';
import { deploymentPlace } from '../deploymentPlace.ts';
import { exitCodes, UsageError } from '../exit.ts';
import {
  existingJournalOptions,
  natsOptionsOf,
  orchestratorStatuses,
  runStatuses,
  type RunStatus,
  type CommonOptions,
} from '../options.ts';
import { formatAge, formatTime, writeMessage, writeJson, writeOutput, writeTable } from '../output/write.ts';
import { orchestratorUrl, type RemoteOrchestratorOptions } from '../orchestratorOptions.ts';
import { runOriginOf, actorRowsOf, inTreeOrder } from '../runRows.ts';
import { formatTicket } from '../output/ticketText.ts';
import { clientOn } from '../openClient.ts';
import { writeArtifacts, writeCalls } from '../output/executionText.ts';
import { deleteUnusedCode } from '../unusedCode.ts';
import { stepRecords, writeSteps } from '../output/workflowSteps.ts';

/** Which runs processes have, for the question to them. */
type AskHolders = (holders: readonly RunHolder[]) => Promise<ReadonlyMap<string, RunStanding>>;

/** A command that reads a file needs no part of a cluster. */
const askNodes = async (cli: Cli, options: CommonOptions, holders: readonly RunHolder[]): ReturnType<AskHolders> =>
  holders.length === 0 || natsOptionsOf(cli, options) === undefined
    ? new Map()
    : await (await import('./cluster.ts')).askNodes(cli, options, holders);

/** How each run stands, or how it ended. On a server the nodes that have them are asked; otherwise, and where they do not answer, the journal says it. */
async function standingsIn(
  runtime: Runtime,
  roots: readonly ActorRow[],
  ask: AskHolders,
): Promise<(root: ActorRow) => ShownStanding> {
  const unended = roots.filter(({ status }) => status === 'active');
  const known = await standingsOf(runtime, unended);
  const [only] = unended.length === 1 ? unended : [];
  const claims = unended.length === 0 ? [] : await runtime.journal.claims(only === undefined ? {} : { run: only.run });
  // Only a process that may have it now can say more than the journal.
  const active = new Map([...known, ...(await ask(claims.filter(({ run, until }) => until > 0 && known.has(run))))]);
  return (root) => {
    const ended = outcomeOf(root)?.status;
    return ended === undefined ? (active.get(root.run) ?? { status: 'working' }) : { status: ended };
  };
}
type ShownStanding =
  | RunStanding
  | {
      readonly status: EndedOutcome['status'];
      readonly needs?: undefined;
      readonly paused?: undefined;
      readonly reason?: undefined;
    };

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
  runtime: Runtime,
  { status, limit, flow }: { readonly status?: RunStatus; readonly limit: number; readonly flow?: string },
  ask: AskHolders,
) {
  const actorStatuses: ActorStatus[] = unended.includes(status) ? ['active'] : ['active', 'done', 'failed', 'stopped'];
  for (let size = limit; ; size *= 4) {
    const rows = await runtime.journal.find({
      parent: null,
      limit: size,
      status: actorStatuses,
      ...(flow === undefined ? {} : { definition: flow }),
    });
    const standingOf = await standingsIn(runtime, rows, ask);
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
  const roots = await rootsOf(runtime, options, (holders) => askNodes(cli, options, holders));
  if (options.json)
    writeJson(
      cli.out,
      roots.map(({ row, standing: { status, ...more } }) => ({ ...summaryOf(row), outcome: status, ...more })),
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
  const runs = await runtime.journal.prune(cli.clock.now() - options.olderThan);
  // The code of deleted versions was kept for them. On a server it goes with the next version that is deleted: not every tenant has deployments.
  if (natsOptionsOf(cli, options) === undefined || options.db !== undefined)
    await deleteUnusedCode(deploymentPlace(cli, options), runtime.journal);
  if (options.json) writeJson(cli.out, { runs });
  else writeMessage(cli, `Deleted ${runs} ${runs === 1 ? 'run' : 'runs'}.`);
  return exitCodes.done;
}

/** Shows a run: its status, its actors, its open questions and its result. */
export async function showRun(
  cli: Cli,
  run: string,
  options: CommonOptions & RemoteOrchestratorOptions,
): Promise<number> {
  const url = orchestratorUrl(cli, options);
  if (url !== undefined) return (await import('./httpRuns.ts')).showHttpRun(cli, url, run, options);
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const rows = await actorRowsOf(runtime.journal, run);
  const [root] = rows;
  const tickets = (await runtime.tickets(run)).filter((ticket) => ticket.run === run);
  const ended = outcomeOf(root);
  const outcome = ended && (await withUnsettled(runtime.journal, run, ended));
  const standing = (await standingsIn(runtime, [root], (holders) => askNodes(cli, options, holders)))(root);
  const { status: how, ...more } = standing;
  const steps = root.type === 'workflow' ? await stepRecords(runtime.journal, root.actor) : undefined;
  const execution = root.type === 'flow' ? await (await clientOn(cli, runtime)).executions.get(run) : undefined;
  if (options.json) {
    writeJson(cli.out, {
      ...summaryOf(root),
      standing: how,
      ...more,
      ...(outcome === undefined ? {} : { outcome }),
      ...(root.type === 'router' ? { monitor: writeMonitor(monitorOf(root, cli.clock.now())) } : {}),
      ...(steps ? { steps } : {}),
      ...(execution ? { execution } : {}),
      actors: rows.map(summaryOf),
      tickets,
    });
    return exitCodes.done;
  }
  const origin = runOriginOf(root);
  const fields = {
    run,
    name: origin.name,
    file: origin.file,
    code: origin.deployment && `${origin.deployment.name}@${origin.deployment.version}`,
    status: standing.status,
    needs: standing.needs,
    reason: standing.reason,
    state: shortenState(root.state),
    started: formatTime(root.created),
    moved: formatTime(root.updated),
    steps: String(rows.reduce((sum, { seq }) => sum + seq, 0)),
  };
  for (const [name, value] of Object.entries(fields)) if (value) cli.out.write(`${name.padEnd(9)}${value}\n`);
  if (root.type === 'router') showMonitor(cli, monitorOf(root, cli.clock.now()));
  cli.out.write('\n');
  writeTable(
    cli.out,
    ['ACTOR', 'STATUS', 'STATE', 'MOVED'],
    inTreeOrder(rows).map(({ row, depth }) => [
      `${'  '.repeat(depth)}${row.actor}`,
      row.status,
      shortenState(row.state),
      formatTime(row.updated),
    ]),
  );
  if (steps && steps.length > 0) writeSteps(cli.out, steps);
  if (execution && execution.checkpoints.length > 0) writeCalls(cli.out, execution.checkpoints);
  if (execution && execution.artifacts.some(({ save_type: type }) => type === 'manual')) {
    cli.out.write('\n');
    writeArtifacts(cli.out, execution.artifacts);
  }
  for (const ticket of tickets) cli.out.write(`\n${formatTicket(ticket, journalOption(options))}\n`);
  if (!outcome) return exitCodes.done;
  cli.out.write('\n');
  // What a flow gives may hold values that JSON does not have.
  const shown = outcome.status === 'done' && execution ? { ...outcome, output: execution.result ?? null } : outcome;
  writeOutcome(cli.out, shown);
  return exitCodes.done;
}

/** The state of an orchestration: what it has used of its limits, and which members are in rotation. */
function showMonitor(cli: Cli, monitor: OrchestrationMonitor): void {
  const of = (used: number, limit: number | null) => `${used}${limit === null ? '' : ` of ${limit}`}`;
  const { out } = cli;
  out.write(
    `${'tasks'.padEnd(9)}${of(monitor.dispatchedTasks, monitor.maxTotalTasks)}${monitor.cancelled ? ', cancelled' : ''}\n`,
  );
  out.write(`${'answers'.padEnd(9)}${of(monitor.consumedSteps, monitor.maxTotalSteps)} of models\n\n`);
  writeTable(
    out,
    ['MEMBER', 'BUSY', 'TASKS', 'FAILURES', 'HEALTH', 'ROTATION'],
    monitor.members.map(({ id, busy, taken, failures, outUntil, health }) => [
      id,
      String(busy),
      String(taken),
      String(failures),
      health,
      outUntil === null ? 'in' : outUntil > cli.clock.now() ? `out until ${formatTime(outUntil)}` : 'coming back',
    ]),
  );
}

const summaryOf = (row: ActorRow): JsonObject => {
  const { run, actor, type, parent, status, state, tags, created, updated, seq } = row;
  return {
    run,
    actor,
    type,
    parent: parent ?? null,
    status,
    state,
    tags,
    created,
    updated,
    seq,
    ...(parent === undefined ? { about: runOriginOf(row) } : {}),
  };
};

/** The result of a run that has ended, or why there is none. */
function writeOutcome(out: OutputStream, outcome: EndedOutcome): void {
  for (const write of outcome.unsettled ?? []) out.write(`${unsettledText(write)}\n`);
  if (outcome.status === 'done') return writeOutput(out, outcome.output);
  if (outcome.status === 'cancelled') return void out.write(`Cancelled: ${escapeControls(outcome.reason)}\n`);
  const { failure, partial } = outcome;
  out.write(`Failed (${failure.kind}): ${escapeControls(failure.message)}\n`);
  if (partial !== undefined) out.write(`Its partial result:\n${JSON.stringify(partial, null, 2)}\n`);
}
