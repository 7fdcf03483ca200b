/** The contract suite of tool sources, for MCP servers over stdio and over Streamable HTTP. */
import { toolSourceSuite } from 'troupe/testing/suites';
import { httpPeer } from './httpPeer.ts';
import { open, openPeer } from './open.ts';

toolSourceSuite('an MCP server over stdio', async () => openPeer('contract', { trust: 'hints' }));

toolSourceSuite('an MCP server over Streamable HTTP', async () => {
  const peer = await httpPeer();
  const source = open({ name: 'peer', url: peer.url }, { trust: 'hints' });
  return {
    ...source,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
});
