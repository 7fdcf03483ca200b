/**
 * The tools of runs as an MCP server. An error of a tool is an answer of the tool, so that the assistant reads what to do; only a call of a tool that there is not is an
 * error of the protocol.
 */
import { TroupeError, toFailure } from '../../values/failure.ts';
import { loadOptional } from '../../values/optional.ts';
import type { ControlTool } from './controlTools.ts';

/** What the server calls itself. */
export interface ControlServerOptions {
  readonly tools: readonly ControlTool[];
  readonly version: string;
}

/** The package of the server. Rejects with `environment` when it is not installed. */
export const mcpServerPackage = () =>
  loadOptional('@modelcontextprotocol/server', 'An MCP server needs', () => import('@modelcontextprotocol/server'));

const instructions =
  'Troupe runs durable flows, agents and teams. List runs with troupe_executions_list; start one with troupe_executions_run; a run with the status `waiting` has a question in pending_wait, which troupe_executions_input answers once the person has decided.';

/** Makes servers: one for each connection. Rejects with `environment` when the package is not installed. */
export async function controlServers({ tools, version }: ControlServerOptions) {
  const { Server, ProtocolError, ProtocolErrorCode } = await mcpServerPackage();
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const listed = tools.map(({ call: _, ...facts }) => facts);
  return () => {
    const server = new Server(
      { name: 'troupe', title: 'Troupe', version },
      { capabilities: { tools: {} }, instructions },
    );
    server.setRequestHandler('tools/list', () => ({ tools: [...listed] }));
    server.setRequestHandler('tools/call', async ({ params }) => {
      const tool = byName.get(params.name);
      if (!tool)
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `There is no tool ${JSON.stringify(params.name.slice(0, 100))}. List the tools to see their names.`,
        );
      try {
        const answer = await tool.call(params.arguments);
        return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer };
      } catch (thrown) {
        return { isError: true, content: [{ type: 'text', text: errorText(thrown) }] };
      }
    });
    return server;
  };
}

/** What went wrong and what to do. Only errors that were written for a reader are told. */
function errorText(thrown: unknown): string {
  const { kind, message, retryable } = toFailure(thrown);
  if (!(thrown instanceof TroupeError) || kind === 'internal')
    return 'internal: the server has a defect. Its log has more; do not repeat the call unchanged.';
  return `${kind}: ${message}${retryable ? ' The same call may succeed later.' : ''}`;
}
