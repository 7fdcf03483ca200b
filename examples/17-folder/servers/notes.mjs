/** A tool server over stdio: lists and reads the folder of notes beside it. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'notes', version: '1.0.0' });
const folder = join(import.meta.dirname, '../notes');
const answer = (value) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });

server.registerTool(
  'list_notes',
  { description: 'The files of the folder.', inputSchema: { folder: z.string() } },
  async () => answer({ files: (await readdir(folder)).sort() }),
);

server.registerTool(
  'read_note',
  { description: 'The title and the number of words of a file.', inputSchema: { file: z.string() } },
  async ({ file }) => {
    const text = await readFile(join(folder, basename(file)), 'utf8');
    const [, title = ''] = /^# (.+)$/m.exec(text) ?? [];
    return answer({ file, title, words: text.split(/\s+/).filter(Boolean).length });
  },
);

await server.connect(new StdioServerTransport());
