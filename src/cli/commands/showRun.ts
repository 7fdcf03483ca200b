/** `troupe runs get`: shows a run. */
import type { OrchestrationMonitor } from '../../contracts/orchestration.ts';
import { shortenState, escapeControls } from '../../observe/format.ts';
import { monitorOf } from '../../runtime/monitor.ts';
import { writeMonitor } from '../../formats/monitor.ts';
import { outcomeOf, type EndedOutcome } from '../../runtime/outcome.ts';
import { withUnsettled } from '../../runtime/unsettled.ts';
import { unsettledText } from '../output/unsettledText.ts';
import type { Cli, OutputStream } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { formatTime, writeJson, writeOutput, writeTable } from '../output/write.ts';
import { orchestratorUrl, type RemoteOrchestratorOptions } from '../orchestratorOptions.ts';
import { runOriginOf, actorRowsOf, inTreeOrder, rowSummary } from '../runRows.ts';
import { journalOption } from '../output/shellWord.ts';
import { formatTicket } from '../output/ticketText.ts';
import { clientOn } from '../openClient.ts';
import { writeArtifacts, writeCalls } from '../output/executionText.ts';
import { stepRecords, writeSteps } from '../output/workflowSteps.ts';
import { standingsIn } from '../runStandings.ts';

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
  const standing = (await standingsIn(cli, options, runtime, [root]))(root);
  const { status: how, ...more } = standing;
  const steps = root.type === 'workflow' ? await stepRecords(runtime.journal, root.actor) : undefined;
  const execution = root.type === 'flow' ? await (await clientOn(cli, runtime)).executions.get(run) : undefined;
  if (options.json) {
    writeJson(cli.out, {
      ...rowSummary(root),
      standing: how,
      ...more,
      ...(outcome === undefined ? {} : { outcome }),
      ...(root.type === 'router' ? { monitor: writeMonitor(monitorOf(root, cli.clock.now())) } : {}),
      ...(steps ? { steps } : {}),
      ...(execution ? { execution } : {}),
      actors: rows.map(rowSummary),
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

/** The result of a run that has ended, or why there is none. */
function writeOutcome(out: OutputStream, outcome: EndedOutcome): void {
  for (const write of outcome.unsettled ?? []) out.write(`${unsettledText(write)}\n`);
  if (outcome.status === 'done') return writeOutput(out, outcome.output);
  if (outcome.status === 'cancelled') return void out.write(`Cancelled: ${escapeControls(outcome.reason)}\n`);
  const { failure, partial } = outcome;
  out.write(`Failed (${failure.kind}): ${escapeControls(failure.message)}\n`);
  if (partial !== undefined) out.write(`Its partial result:\n${JSON.stringify(partial, null, 2)}\n`);
}
