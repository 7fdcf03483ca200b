/** A tool server over stdio with one tool that has an effect: a person must approve each call of it. */
import { createHash } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'board', version: '1.0.0' });

server.registerTool(
  'post_notice',
  { description: 'Puts a notice on the board.', inputSchema: { text: z.string() } },
  ({ text }) => {
    const receipt = `notice-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    return { content: [{ type: 'text', text: JSON.stringify({ receipt }) }] };
  },
);

await server.connect(new StdioServerTransport());
