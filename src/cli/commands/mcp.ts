/** `troupe mcp`: runs as tools of an MCP server over stdin and stdout, until the other side goes. */
import type { JsonObject } from '../../values/json.ts';
import { troupeClient, type TroupeClient } from '../../client/index.ts';
import { controlTools } from '../../doors/mcp/controlTools.ts';
import { controlStdio } from '../../doors/mcp/stdio.ts';
import { version } from '../../runtime/version.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { openHostedRuns } from '../hostedRuns.ts';
import type { CommonOptions } from '../options.ts';
import { writeMessage } from '../output/write.ts';
import { protocolStreams } from '../protocolStreams.ts';

/** The options of `troupe mcp`. */
export interface McpCommandOptions extends CommonOptions {
  /** A control server that has the runs, instead of a journal; none by default. */
  readonly url?: string;
  /** The token for that server; TROUPE_TOKEN by default. */
  readonly token?: string;
}

/** Serves until the input ends or it is interrupted. Resolves to the exit code. */
export async function mcpCommand(cli: Cli, files: readonly string[], options: McpCommandOptions): Promise<number> {
  // Before the files are loaded: what they print must not come between the messages.
  const streams = protocolStreams();
  const stopped = new Promise<void>((done) => {
    const listening = cli.onInterrupt(() => (listening[Symbol.dispose](), done()));
  });
  await using runs = options.url === undefined ? await hosted(cli, files, options) : await remote(cli, files, options);
  const { client, status } = runs;
  await using server = await controlStdio({
    ...streams,
    tools: controlTools({ client, admin: true, status }),
    version: version(),
    warn: (message) => writeMessage(cli, message),
  });
  await Promise.race([server.closed, stopped]);
  return exitCodes.done;
}

/** The runs that the tools work with. */
interface ToolRuns extends AsyncDisposable {
  readonly client: TroupeClient;
  readonly status: () => Promise<JsonObject>;
}

async function hosted(cli: Cli, files: readonly string[], options: CommonOptions): Promise<ToolRuns> {
  const runs = await openHostedRuns(cli, files, options, (line) => writeMessage(cli, line));
  await runs.adopt();
  return { client: runs.client, status: runs.status, [Symbol.asyncDispose]: () => runs[Symbol.asyncDispose]() };
}

async function remote(cli: Cli, files: readonly string[], { url = '', token }: McpCommandOptions): Promise<ToolRuns> {
  if (files.length > 0) throw new UsageError('With --url the server has the definitions. Name the files there.');
  const shown = token ?? (cli.env['TROUPE_TOKEN'] || undefined);
  const client = await troupeClient({ http: url, ...(shown === undefined ? {} : { token: shown }) });
  return {
    client,
    status: async () => ({ version: version(), server: url }),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
