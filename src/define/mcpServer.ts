/** Defines an MCP server as a source of tools. It is connected when a run first needs it, and closed with the runtime. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import type { McpOptions } from '../mcp/toolSource.ts';
import { parseAddress, type McpAddress } from '../mcp/address.ts';

/** An MCP server as a definition names it. */
export interface McpServer {
  readonly kind: 'mcp';
  /** The name of the server; its tools are allowed as `name/tool` or `name/*`. */
  readonly name: string;
  /** The program to start, or the URL to call. */
  readonly address: McpAddress;
  /** How far it is trusted, what is allowed, and how long it may take. */
  readonly options: McpOptions;
}

/**
 * A server that speaks the Model Context Protocol, started as a program or called over HTTP.
 * @example mcpServer({ name: 'files', command: 'mcp-server-filesystem', args: ['docs'] }, { trust: 'read' })
 */
export function mcpServer(address: McpAddress, options: McpOptions = {}): McpServer {
  const { name } = parseAddress(address);
  requireOptions(`mcpServer "${name}"`, options, mcpOptionNames);
  return Object.freeze({ kind: 'mcp', name, address, options });
}

const mcpOptionNames: OptionNames<McpOptions> = {
  effects: true,
  trust: true,
  approval: true,
  tier: true,
  capabilities: true,
  optional: true,
  timeout: true,
  connectTimeout: true,
  tries: true,
  protocol: true,
};
