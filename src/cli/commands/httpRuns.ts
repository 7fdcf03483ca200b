/** `troupe runs list` and `get` of an orchestrator, over HTTP. */
import { WorkflowRunStatus } from '../../doors/http/contracts/runViews.ts';
import { formatDuration } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { openOrchestrator, type RemoteOrchestratorOptions } from '../orchestratorOptions.ts';
import { formatTime, writeJson, writeMessage, writeOutput, writeTable } from '../output/write.ts';

/** Lists runs of an orchestrator, newest first. */
export async function listHttpRuns(
  cli: Cli,
  url: string,
  {
    status,
    workflow,
    limit,
    json,
    ...how
  }: RemoteOrchestratorOptions & {
    readonly status?: string;
    readonly workflow?: string;
    readonly limit: number;
    readonly json?: boolean;
  },
): Promise<number> {
  const { runs } = await openOrchestrator(cli, url, how).runs({
    limit,
    ...(status === undefined ? {} : { status: statusOf(status) }),
    ...(workflow === undefined ? {} : { workflow }),
  });
  if (json) writeJson(cli.out, runs);
  else if (runs.length === 0) writeMessage(cli, 'The orchestrator has no such runs.');
  else
    writeTable(
      cli.out,
      ['RUN ID', 'WORKFLOW', 'STATUS', 'STARTED', 'DURATION'],
      runs.map(({ id, workflow_name: name, status: stands, created_at: from, completed_at: to }) => [
        id,
        name,
        stands,
        timeOf(from),
        to === undefined ? '-' : formatDuration(Date.parse(to) - Date.parse(from)),
      ]),
    );
  return exitCodes.done;
}

/** Our words for how a run stands, in those of the contract. */
const statusWords: Readonly<Record<string, string>> = {
  done: 'complete',
  completed: 'complete',
  active: 'running',
  working: 'running',
};

/** Throws a usage error for a word that no run of an orchestrator has: an empty list would say that there is none. */
function statusOf(word: string): string {
  const status = statusWords[word] ?? word;
  if (WorkflowRunStatus.safeParse(status).success) return status;
  throw new UsageError(
    `The runs of an orchestrator are running, paused, complete, failed or cancelled; got ${JSON.stringify(word)}.`,
  );
}

const timeOf = (text: string): string => (Number.isNaN(Date.parse(text)) ? text : formatTime(Date.parse(text)));

/** Shows a run of an orchestrator, with its steps and its result. */
export async function showHttpRun(
  cli: Cli,
  url: string,
  run: string,
  { json, ...how }: RemoteOrchestratorOptions & { readonly json?: boolean },
): Promise<number> {
  const found = await openOrchestrator(cli, url, how).run(run);
  if (!found) throw new UsageError(`The orchestrator at ${new URL(url).origin} has no run "${run}".`);
  if (json) {
    writeJson(cli.out, found);
    return exitCodes.done;
  }
  const { id, workflow_name: workflow, status, error, created_at: from, completed_at: to, output } = found.run;
  const fields = {
    run: id,
    workflow,
    status,
    error,
    started: timeOf(from),
    ended: to === undefined ? undefined : timeOf(to),
  };
  for (const [name, value] of Object.entries(fields)) if (value) cli.out.write(`${name.padEnd(9)}${value}\n`);
  cli.out.write('\n');
  writeTable(
    cli.out,
    ['STEP', 'TYPE', 'STATUS', 'DURATION', 'TOKENS', 'ERROR'],
    (found.steps ?? []).map(({ id: step, type, status: stands, metrics, error: why, reason }) => [
      step,
      type,
      stands,
      formatDuration(metrics.duration_ms),
      String(metrics.tokens_in + metrics.tokens_out),
      why ?? reason ?? '',
    ]),
  );
  if (output !== undefined) {
    cli.out.write('\n');
    writeOutput(cli.out, output);
  }
  return exitCodes.done;
}
