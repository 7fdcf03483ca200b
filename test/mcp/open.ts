/** Opens our client on a test server. */
import { toolServer } from '../../actors/toolServer.ts';
import type { Clock } from '../../src/values/clock.ts';
import type { ToolSource } from '../../src/contracts/tool.ts';
import type { McpAddress } from '../../src/mcp/address.ts';
import { mcpToolSource, type McpOptions } from '../../src/mcp/toolSource.ts';
import { systemClock } from '../../src/engine/clock.ts';

const peer = new URL('peer.mjs', import.meta.url).pathname;

export const open = (address: McpAddress, options: McpOptions = {}, clock: Clock = systemClock()): ToolSource =>
  mcpToolSource(address, options, { clock, keep: toolServer });

/** The test server as a child process. */
export const openPeer = (
  conduct = 'contract',
  options: McpOptions = {},
  clock?: Clock,
  env: Record<string, string> = {},
): ToolSource => open({ name: 'peer', command: process.execPath, args: [peer, conduct], env }, options, clock);

/** Resolves when the list of tools has changed. */
export const listChanged = (source: ToolSource): Promise<void> =>
  new Promise((resolve) => {
    const watch = source.onChange(() => {
      watch[Symbol.dispose]();
      resolve();
    });
  });
