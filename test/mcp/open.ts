/** Opens our client on a peer, with everything a test may want to hold. */
import { toolServer } from '../../actors/toolServer.ts';
import type { Clock } from '../../src/values/clock.ts';
import type { ToolSource } from '../../src/contracts/tool.ts';
import type { McpAddress } from '../../src/mcp/address.ts';
import { mcpToolSource, type McpOptions } from '../../src/mcp/toolSource.ts';
import { systemClock } from '../../src/engine/clock.ts';

const peer = new URL('peer.mjs', import.meta.url).pathname;

export const open = (place: McpAddress, options: McpOptions = {}, clock: Clock = systemClock()): ToolSource =>
  mcpToolSource(place, options, { clock, keep: toolServer });

/** The peer as a child process. */
export const openPeer = (
  conduct = 'contract',
  options: McpOptions = {},
  clock?: Clock,
  env: Record<string, string> = {},
): ToolSource => open({ name: 'peer', command: process.execPath, args: [peer, conduct], env }, options, clock);

/** Resolves when the list is no longer what it was. */
export const change = (source: ToolSource): Promise<void> =>
  new Promise((resolve) => {
    const watch = source.onChange(() => {
      watch[Symbol.dispose]();
      resolve();
    });
  });
