/** `troupe control`: the runs of a journal over HTTP, for programs and assistants, until SIGTERM or Ctrl-C. */
import { controlRoutes } from '../../doors/http/control/routes.ts';
import { mcpRoute } from '../../doors/http/control/mcpRoute.ts';
import { statusRoute } from '../../doors/http/control/status.ts';
import { httpDoor } from '../../doors/http/base/door.ts';
import { controlTools } from '../../doors/mcp/controlTools.ts';
import { version } from '../../runtime/version.ts';
import { toFailure } from '../../values/failure.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { openHostedRuns, type HostedRuns } from '../hostedRuns.ts';
import { natsOptionsOf, type CommonOptions } from '../options.ts';
import { formatTime, writeMessage } from '../output/write.ts';

/** The options of `troupe control`. */
export interface ControlServerCommandOptions extends CommonOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** The token of the server; TROUPE_HTTP_TOKEN by default. */
  readonly token?: string;
}

/** Serves until it is interrupted. What was asked for is answered before it ends. */
export async function controlServerCommand(
  cli: Cli,
  files: readonly string[],
  options: ControlServerCommandOptions,
): Promise<number> {
  const stopped = new Promise<void>((done) => {
    const listening = cli.onInterrupt(() => (listening[Symbol.dispose](), done()));
  });
  const say = (line: string) => writeMessage(cli, `${formatTime(cli.clock.now())} ${line}`);
  await using runs = await openHostedRuns(cli, files, options, say);
  const { client, status, tokens } = runs;
  const token = options.token ?? (cli.env['TROUPE_HTTP_TOKEN'] || undefined);
  const { host, port } = options;
  await using door = await httpDoor({
    host,
    port,
    title: 'Troupe control',
    clock: cli.clock,
    routes: [...controlRoutes(client, cli.clock), statusRoute(status), ...(await toolRoutes(runs, say))],
    accepts: (given) => tokens.accepts(given),
    ...(token === undefined ? {} : { token }),
  });
  say(`Runs are at ${door.url}/v1/executions, and described at ${door.url}/openapi.json`);
  const nats = natsOptionsOf(cli, options);
  await using overNats =
    nats && (await (await import('../../cluster/control/service.ts')).serveControl(client, nats, cli.clock));
  if (overNats) say('Programs on the NATS server can ask too.');
  const adopted = await runs.adopt();
  if (adopted > 0) say(`${adopted} ${adopted === 1 ? 'run goes' : 'runs go'} on.`);
  await stopped;
  say('Stopping: requests under way are answered. Press Ctrl-C again to exit at once, which is safe too.');
  using _ = cli.onInterrupt(() => cli.exitNow(exitCodes.interrupted));
  await door.close();
  return exitCodes.done;
}

/** The route of the tools; none when their package is not installed. */
async function toolRoutes({ client, status }: HostedRuns, say: (line: string) => void) {
  const tools = (admin: boolean) => controlTools({ client, admin, status });
  try {
    return [await mcpRoute({ admin: tools(true), client: tools(false), version: version() })];
  } catch (thrown) {
    const { kind, message } = toFailure(thrown);
    if (kind !== 'environment') throw thrown;
    say(`There are no tools at /mcp: ${message}`);
    return [];
  }
}
