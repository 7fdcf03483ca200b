/** A tool server over stdio: reads a feed beside this file, and says which of its stories have the topic. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'feed', version: '1.0.0' });
const field = (item, name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(item)?.[1]?.trim() ?? '';

server.registerTool(
  'fetch_feed',
  {
    description: 'The stories of a feed.',
    inputSchema: { feed: z.string(), topic: z.string() },
    annotations: { readOnlyHint: true },
  },
  async ({ feed, topic }) => {
    // The name of a file only: no path leads out of this folder.
    const xml = await readFile(join(import.meta.dirname, basename(feed)), 'utf8');
    const stories = [...xml.matchAll(/<item>([\s\S]*?)<\/item>/g)].map(([, item = '']) => {
      const [title, summary] = [field(item, 'title'), field(item, 'description')];
      const relevant = `${title} ${summary}`.toLowerCase().includes(topic.toLowerCase());
      return { title, summary, points: Number(field(item, 'points')), relevant };
    });
    return { content: [{ type: 'text', text: JSON.stringify({ stories }) }] };
  },
);

await server.connect(new StdioServerTransport());
