/** Lists the tools of a server page by page, up to a limit. Each entry is read on its own: one that is wrong does not take the others with it. */
import type { Client } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { propertiesOf } from '../values/properties.ts';
import { requireCount } from '../tools/sanitize.ts';
import { serverError, type ErrorContext } from './errors.ts';
import { readServerTool } from './readServerTool.ts';
import type { ToolList } from './keepAlive.ts';

const maxPages = 100;
/** JSON-RPC: the server has no such method. */
const methodNotFound = -32_601;

/** The longest time that a timer of the library can have; timeouts are measured on our clock. Milliseconds. */
export const noTimeout = 2 ** 31 - 1;

/** A page, of which only the frame is required: the library would refuse a page for one entry. */
export const ToolPage = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.unknown().optional() });

/** All tools of a server, and what was wrong with entries. Throws `environment` when there are too many pages. */
export async function listTools(client: Client, context: ErrorContext, signal: AbortSignal): Promise<ToolList> {
  const listed = listPages(context, (params) =>
    client.request({ method: 'tools/list', params }, ToolPage, { signal, timeout: noTimeout }),
  );
  if (client.getServerCapabilities()?.tools) return listed;
  // Some servers have tools and do not say so. One that knows no such list has none.
  return listed.catch((error: unknown) => {
    if (propertiesOf(error)['code'] !== methodNotFound) throw error;
    return { tools: [], problems: [] };
  });
}

/** The same for any way to ask for a page. */
export async function listPages(
  context: ErrorContext,
  ask: (params: { cursor?: string }) => Promise<z.infer<typeof ToolPage>>,
): Promise<ToolList> {
  const list: { tools: ToolList['tools'][number][]; problems: string[] } = { tools: [], problems: [] };
  let cursor: string | undefined;
  let count = 0;
  for (let page = 0; page < maxPages; page++) {
    const result = await ask(cursor === undefined ? {} : { cursor });
    for (const entry of result.tools) {
      const { tool, problem } = readServerTool(entry, ++count);
      if (tool) list.tools.push(tool);
      if (problem !== undefined) list.problems.push(context.mask(problem));
    }
    requireCount(context.server, count);
    const next = typeof result.nextCursor === 'string' && result.nextCursor !== '' ? result.nextCursor : undefined;
    // A server that does not know pages gives the whole list again, and its cursor with it.
    if (next === undefined || next === cursor) return list;
    cursor = next;
  }
  throw serverError(
    context,
    `lists its tools on more than ${maxPages} pages: there is no end to it. Use another server.`,
    false,
  );
}
