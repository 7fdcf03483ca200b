/** `troupe invoke`: runs a deployment, or a definition that a node offers, and prints the result. The latter need not be on this machine. */
import type { VersionChoice } from '../../deployments/names.ts';
import type { Cli } from '../cli.ts';
import { connectCluster } from './cluster.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { readRunInput } from '../input.ts';
import { natsOptionsOf, type FollowOptions } from '../options.ts';
import { orchestratorUrl, type RemoteOrchestratorOptions } from '../orchestratorOptions.ts';
import { oneLine, writeMessage, writeJson, writeOutput } from '../output/write.ts';
import { serverOption } from '../output/shellWord.ts';
import { formatSignal, formatTicket } from '../output/ticketText.ts';

/** The options of `troupe invoke`. */
export interface InvokeCommandOptions extends FollowOptions, RemoteOrchestratorOptions, VersionChoice {
  /** The input, as `readRunInput` reads it. */
  readonly input?: string;
  /** Properties of the input, as `key=value`. */
  readonly set: readonly string[];
  /** The id of the run; a new one by default. */
  readonly key?: string;
  /** Goes on with the run of the key if it has failed; false by default. */
  readonly retry?: boolean;
  /** Only starts the run; false by default. */
  readonly detach?: boolean;
  /** Waits for the end of the run; without an orchestrator it is so by default, and false otherwise. */
  readonly wait?: boolean;
  /** How long to wait for the result, in milliseconds; 10 minutes by default. */
  readonly within?: number;
}

/** Starts the run, or joins it, and waits for its result. Resolves to the exit code. */
export async function invokeCommand(cli: Cli, name: string, options: InvokeCommandOptions): Promise<number> {
  const { key, detach, within, retry, json } = options;
  if (retry && key === undefined)
    throw new UsageError('--retry goes on with a stored run: name it with --key, or use "troupe runs retry RUN".');
  const url = orchestratorUrl(cli, options);
  if (url !== undefined) {
    if (retry) throw new UsageError('--retry is for runs of nodes: an orchestrator is told with POST /runs/RUN/retry.');
    return (await import('./httpInvoke.ts')).httpInvokeCommand(cli, url, name, options);
  }
  if (isDeployment(cli, name, options)) {
    requireHere(options);
    return (await import('./invokeDeployment.ts')).invokeDeployment(cli, name, options);
  }
  if (options.wait)
    throw new UsageError('--wait is for workflows of an orchestrator: name it with --orchestrator URL.');
  const { input } = await readRunInput(cli, options.input, options.set);
  await using cluster = await connectCluster(cli, options);
  const { run, ...outcome } = await cluster.invoke(name, input ?? (key === undefined ? {} : undefined), {
    ...(key === undefined ? {} : { key }),
    ...(detach ? { detach } : {}),
    ...(retry ? { retry } : {}),
    ...(within === undefined ? {} : { within }),
  });
  if (json) writeJson(cli.out, { run, ...outcome });
  const on = serverOption(options);
  switch (outcome.status) {
    case 'active':
      if (!json) cli.out.write(`${run}\n`);
      writeMessage(
        cli,
        `The run ${run} goes on at the nodes. Ask for its result with: troupe invoke ${name} --key ${run}${on}`,
      );
      return exitCodes.done;
    case 'done':
      if (!json) writeOutput(cli.out, outcome.output);
      return exitCodes.done;
    case 'failed':
      writeMessage(cli, `The run ${run} failed (${outcome.failure.kind}): ${oneLine(outcome.failure.message)}`);
      writeMessage(cli, `Go on from the step that failed with: troupe invoke ${name} --key ${run} --retry${on}`);
      return exitCodes.failed;
    case 'cancelled':
      writeMessage(cli, `The run ${run} was cancelled: ${oneLine(outcome.reason)}`);
      return exitCodes.failed;
    case 'waiting':
      if (outcome.paused) writeMessage(cli, `The run ${run} is paused. Go on with: troupe runs resume ${run}${on}`);
      if (outcome.tickets.length > 0) writeMessage(cli, `The run ${run} waits for a person.`);
      for (const ticket of outcome.tickets) writeMessage(cli, formatTicket(ticket, on));
      for (const signal of outcome.signals ?? []) writeMessage(cli, formatSignal(signal, on));
      return exitCodes.waiting;
  }
}

/** Without a server it can only be a deployment; beside one, a version or a tag says so. */
const isDeployment = (cli: Cli, name: string, options: InvokeCommandOptions): boolean =>
  natsOptionsOf(cli, options) === undefined ||
  options.version !== undefined ||
  options.tag !== undefined ||
  name.includes('@');

/** A deployment is run in this process. Throws `UsageError` for what only others can do. */
function requireHere({ detach, within }: InvokeCommandOptions): void {
  if (detach)
    throw new UsageError(
      '--detach is for nodes and orchestrators, which go on with a run: a deployment is run by this process.',
    );
  if (within !== undefined)
    throw new UsageError(
      '--within is for nodes and orchestrators, which go on with a run: a deployment is run by this process.',
    );
}
