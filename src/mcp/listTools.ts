/** Lists the tools of a server page by page, up to a limit. Each entry is read on its own: one that is wrong does not take the others with it. */
import type { Client } from '@modelcontextprotocol/client';
import * as z from 'zod';
import type { Clock } from '../values/clock.ts';
import { requireCount } from '../tools/sanitize.ts';
import { withTimeout } from '../tools/timeout.ts';
import { isRpcError, serverError, type ErrorContext } from './errors.ts';
import { readServerTool } from './readServerTool.ts';
import type { ToolList } from './keepAlive.ts';

const maxPages = 100;

/** The longest time that a timer of the library can have; timeouts are measured on our clock. Milliseconds. */
export const noTimeout = 2 ** 31 - 1;

/** A page, of which only the frame is required: the library would refuse a page for one entry. */
export const ToolPage = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.unknown().optional() });

/** How long a server that names no tools has to say whether it has some; milliseconds. */
const unnamedTimeout = 5_000;

/** All tools of a server, and what was wrong with entries. Throws `environment` when there are too many pages. */
export async function listTools(
  client: Client,
  context: ErrorContext,
  clock: Clock,
  signal: AbortSignal,
): Promise<ToolList> {
  const list = (within: AbortSignal) =>
    listPages(context, (params) =>
      client.request({ method: 'tools/list', params }, ToolPage, { signal: within, timeout: noTimeout }),
    );
  const named = client.getServerCapabilities() ?? {};
  if (named.tools) return list(signal);
  // A server that names other things has said that it has no tools.
  if (Object.keys(named).length > 0) return noTools;
  // One that names nothing may have some. When it refuses the question or does not answer it, it has none.
  const late = serverError(context, 'does not say whether it has tools.');
  return withTimeout({ clock, timeout: unnamedTimeout, signal, late: () => late }, list).catch((error: unknown) => {
    if (error !== late && !isRpcError(error)) throw error;
    return noTools;
  });
}

const noTools: ToolList = { tools: [], problems: [] };

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
