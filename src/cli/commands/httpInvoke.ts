/** `troupe invoke WORKFLOW --orchestrator URL`: begins a run of a workflow over HTTP, and waits for its end with `--wait`. */
import type { RemoteRun } from '../../doors/http/clients/orchestratorClient.ts';
import { sleep } from '../../values/clock.ts';
import { isJsonObject } from '../../values/json.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { readRunInput } from '../input.ts';
import { openOrchestrator, type RemoteOrchestratorOptions } from '../orchestratorOptions.ts';
import { oneLine, writeJson, writeMessage, writeOutput } from '../output/write.ts';

/** The options of `troupe invoke` over HTTP. */
export interface HttpInvokeOptions extends RemoteOrchestratorOptions {
  /** The parameters, as `readRunInput` reads them. */
  readonly input?: string;
  /** Parameters, as `key=value`. */
  readonly set: readonly string[];
  /** Makes any number of calls with it one run; each call a new run by default. */
  readonly key?: string;
  /** Waits for the end of the run; false by default. */
  readonly wait?: boolean;
  /** How long to wait, in milliseconds; 10 minutes by default. */
  readonly within?: number;
  /** Prints JSON; false by default. */
  readonly json?: boolean;
}

/** Milliseconds between two questions after the end of the run. */
const pollInterval = 1_000;
const defaultWait = 10 * 60_000;

/** Begins the run. Resolves to exit code 1 when it was waited for and has failed, and to 3 when it waits for a person. */
export async function httpInvokeCommand(
  cli: Cli,
  url: string,
  name: string,
  options: HttpInvokeOptions,
): Promise<number> {
  const { key, wait, within = defaultWait, json } = options;
  const { input = {} } = await readRunInput(cli, options.input, options.set);
  if (!isJsonObject(input))
    throw new UsageError('A workflow takes an object of parameters: --input \'{"topic":"actors"}\'.');
  const client = openOrchestrator(cli, url, options);
  const run = await client.invoke(name, input, key === undefined ? {} : { key });
  if (!wait) {
    if (json) writeJson(cli.out, { run_id: run, status: 'accepted' });
    else cli.out.write(`${run}\n`);
    writeMessage(cli, `The run ${run} has begun. See it with: troupe runs get ${run} --orchestrator ${url}`);
    return exitCodes.done;
  }
  const until = cli.clock.now() + within;
  const stopping = new AbortController();
  using _ = cli.onInterrupt(() => stopping.abort());
  for (;;) {
    const found = await client.run(run);
    if (!found) throw new TroupeError('invalid', `The orchestrator does not know the run ${run} any more.`);
    const code = codeOf(found);
    if (code !== undefined) return ended(cli, found, code, json);
    const late = cli.clock.now() >= until;
    if (late || stopping.signal.aborted) {
      writeMessage(
        cli,
        `The run ${run} goes on${late ? `: it had not ended in time` : ''}. See it with: troupe runs get ${run} --orchestrator ${url}`,
      );
      return late ? exitCodes.failed : exitCodes.interrupted;
    }
    await sleep(cli.clock, Math.min(pollInterval, until - cli.clock.now()), stopping.signal).catch(() => {});
  }
}

/** The exit code of a run that has ended or waits for a person; undefined while it is at work. */
function codeOf({ run, steps }: RemoteRun): number | undefined {
  if (run.status === 'complete') return exitCodes.done;
  if (run.status === 'failed' || run.status === 'cancelled') return exitCodes.failed;
  const working = (steps ?? []).some(({ status }) => status === 'running' || status === 'pending');
  const asks = (steps ?? []).some(({ status }) => status === 'pending_approval');
  return asks && !working ? exitCodes.waiting : undefined;
}

function ended(cli: Cli, found: RemoteRun, code: number, json = false): number {
  const { run, steps } = found;
  if (json) writeJson(cli.out, found);
  else if (run.status === 'complete') writeOutput(cli.out, run.output ?? null);
  if (code === exitCodes.failed)
    writeMessage(
      cli,
      `The run ${run.id} ${run.status === 'failed' ? 'failed' : 'was cancelled'}: ${oneLine(run.error ?? 'no reason was given')}`,
    );
  if (code === exitCodes.waiting) {
    const asking = (steps ?? []).filter(({ status }) => status === 'pending_approval').map(({ id }) => id);
    writeMessage(cli, `The run ${run.id} waits for a person at ${asking.join(', ')}.`);
  }
  return code;
}
