/** Lists the tools of a server page by page, up to a limit. Each entry is read on its own: one that is wrong does not take the others with it. */
import type { Client } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { requireCount } from '../tools/sanitize.ts';
import { serverError, type ErrorContext } from './errors.ts';
import { readServerTool } from './readServerTool.ts';
import type { ToolList } from './keepAlive.ts';

const maxPages = 100;

/** The longest time that a timer of the library can have; timeouts are measured on our clock. Milliseconds. */
export const noTimeout = 2 ** 31 - 1;

/** A page, of which only the frame is required: the library would refuse a page for one entry. */
export const ToolPage = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.unknown().optional() });

/** All tools of a server, and what was wrong with entries. Throws `environment` when there are too many pages. */
export async function listTools(client: Client, context: ErrorContext, signal: AbortSignal): Promise<ToolList> {
  if (!client.getServerCapabilities()?.tools) return { tools: [], problems: [] };
  return listPages(context, (params) =>
    client.request({ method: 'tools/list', params }, ToolPage, { signal, timeout: noTimeout }),
  );
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
    cursor = typeof result.nextCursor === 'string' && result.nextCursor !== '' ? result.nextCursor : undefined;
    if (cursor === undefined) return list;
  }
  throw serverError(
    context,
    `lists its tools on more than ${maxPages} pages: there is no end to it. Use another server.`,
    false,
  );
}
