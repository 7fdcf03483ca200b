/** The tools of runs over Streamable HTTP, at `/mcp` of the same server: each request is answered for itself, without a session. */
import type { ControlTool } from '../../mcp/controlTools.ts';
import { controlServers, mcpServerPackage } from '../../mcp/controlServer.ts';
import type { HttpReply } from '../base/reply.ts';
import type { HttpRoute } from '../base/route.ts';

/** The tools by who asks. */
export interface McpRouteOptions {
  /** For the token of the server. */
  readonly admin: readonly ControlTool[];
  /** For any other token. */
  readonly client: readonly ControlTool[];
  readonly version: string;
}

/** `POST /mcp`. Rejects with `environment` when the package is not installed. */
export async function mcpRoute({ admin, client, version }: McpRouteOptions): Promise<HttpRoute> {
  const { createMcpHandler } = await mcpServerPackage();
  const forAdmin = createMcpHandler(await controlServers({ tools: admin, version }));
  const forClient = createMcpHandler(await controlServers({ tools: client, version }));
  return {
    method: 'POST',
    path: '/mcp',
    access: 'client',
    summary: 'The tools of an MCP server, over Streamable HTTP.',
    responses: { 200: { description: 'A message of the protocol, or events with several.' } },
    async answer(request): Promise<HttpReply> {
      const message = await request.json();
      const { fetch: handle } = request.authorized ? forAdmin : forClient;
      // The door has read the body within its limits; the handler gets it as it was parsed.
      const response = await handle(
        new Request('http://localhost/mcp', {
          method: 'POST',
          headers: request.headers,
          body: JSON.stringify(message ?? null),
          signal: request.signal,
        }),
        { parsedBody: message ?? null },
      );
      const type = response.headers.get('content-type') ?? 'application/json';
      return {
        status: response.status,
        body: response.body ? { kind: 'stream', stream: response.body, type } : { kind: 'none' },
      };
    },
  };
}
