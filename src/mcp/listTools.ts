/** Lists the tools of a server page by page, up to a limit. */
import type { Client, Tool } from '@modelcontextprotocol/client';
import type { JsonObject } from '../values/json.ts';
import { requireCount } from '../tools/sanitize.ts';
import { serverError, type ErrorContext } from './errors.ts';
import type { ServerTool } from './keepAlive.ts';

const maxPages = 100;

/** The longest time that a timer of the library can have; timeouts are measured on our clock. Milliseconds. */
export const noTimeout = 2 ** 31 - 1;

/** All tools of a server. Throws `environment` when there are too many pages. */
export async function listTools(
  client: Client,
  context: ErrorContext,
  signal: AbortSignal,
): Promise<readonly ServerTool[]> {
  if (!client.getServerCapabilities()?.tools) return [];
  const tools: ServerTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const result = await client.request({ method: 'tools/list', params }, { signal, timeout: noTimeout });
    tools.push(...result.tools.map(toServerTool));
    requireCount(context.server, tools.length);
    cursor = result.nextCursor;
    if (cursor === undefined) return tools;
  }
  throw serverError(
    context,
    `lists its tools on more than ${maxPages} pages: there is no end to it. Use another server.`,
    false,
  );
}

const toServerTool = ({ name, description = '', inputSchema, outputSchema, annotations }: Tool): ServerTool => ({
  name,
  description,
  // The library has parsed them from JSON.
  input: inputSchema as JsonObject,
  output: (outputSchema as JsonObject | undefined) ?? null,
  readOnly: annotations?.readOnlyHint === true,
  idempotent: annotations?.idempotentHint === true,
});
