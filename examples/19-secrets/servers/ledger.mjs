/** A tool server over stdio that opens its ledger only for the token that it was greeted with. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const balances = { tea: 120, cups: 34 };
let token;

const server = new Server({ name: 'ledger', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: [
    {
      name: 'look_up',
      description: 'The balance of an account.',
      inputSchema: { type: 'object', required: ['account'], properties: { account: { type: 'string' } } },
    },
  ],
}));
server.setRequestHandler(CallToolRequestSchema, ({ params: { arguments: { account } = {} } }) => {
  if (token !== 'demo-token') return { isError: true, content: [{ type: 'text', text: 'The token is wrong.' }] };
  return { content: [{ type: 'text', text: JSON.stringify({ balance: balances[account] ?? 0 }) }] };
});

const transport = new StdioServerTransport();
await server.connect(transport);
// The parameters of the server come with the greeting.
const { onmessage } = transport;
// oxlint-disable-next-line unicorn/prefer-add-event-listener -- the transport has nothing else
transport.onmessage = (message, extra) => {
  if (message.method === 'initialize') token = message.params?.config?.token;
  onmessage(message, extra);
};
