/** `troupe runs list --cursor`: a page of runs, and where the next one begins. */
import { ExecutionStatus } from '../../contracts/client/execution.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { clientOn } from '../openClient.ts';
import type { CommonOptions, RunStatus } from '../options.ts';
import { formatTime, writeJson, writeMessage, writeTable } from '../output/write.ts';

/** The options of a page. */
export interface RunPageOptions extends CommonOptions {
  /** `first`, or what the page before says. */
  readonly cursor: string;
  readonly status?: RunStatus;
  readonly flow?: string;
  readonly limit: number;
}

/** Lists one page. */
export async function listRunPage(
  cli: Cli,
  runtime: Runtime,
  { cursor, status, flow, limit, json }: RunPageOptions,
): Promise<number> {
  const { items, next } = await (
    await clientOn(cli, runtime)
  ).executions.list({
    limit,
    ...(status === undefined ? {} : { status: pageStatus(status) }),
    ...(flow === undefined ? {} : { flow }),
    ...(cursor === 'first' ? {} : { cursor }),
  });
  if (json) writeJson(cli.out, { items, ...(next === undefined ? {} : { next }) });
  else if (items.length === 0) writeMessage(cli, 'No runs.');
  else
    writeTable(
      cli.out,
      ['RUN', 'NAME', 'STATUS', 'CALLS', 'STARTED'],
      items.map((run) => [
        run.exec_id,
        run.flow_name,
        run.status,
        String(run.checkpoint_count),
        formatTime(run.started_at),
      ]),
    );
  if (next !== undefined && !json) writeMessage(cli, `There are more: --cursor ${next}`);
  return exitCodes.done;
}

/** Pages know what the journal says of a run, and not whether a process is at work on it. */
function pageStatus(status: RunStatus): ExecutionStatus {
  const parsed = ExecutionStatus.safeParse(status === 'done' ? 'completed' : status);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `With --cursor a status is ${ExecutionStatus.options.join(', ')}; got "${status}". Leave out one of the two.`,
  );
}
