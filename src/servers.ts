/** Other people's tools, as a definition names them: connected when a run first needs them, and closed with the runtime. */
import type { McpOptions } from './mcp/server.ts';
import { parsePlace, type McpPlace } from './mcp/place.ts';

export interface ServerDefinition {
  readonly kind: 'mcp';
  readonly name: string;
  readonly place: McpPlace;
  readonly options: McpOptions;
}

/**
 * A server that speaks the Model Context Protocol, started as a program or called over HTTP.
 * @example mcpServer({ name: 'files', command: 'mcp-server-filesystem', args: ['docs'] }, { trust: 'read' })
 */
export function mcpServer(place: McpPlace, options: McpOptions = {}): ServerDefinition {
  const { name } = parsePlace(place);
  return Object.freeze({ kind: 'mcp', name, place, options });
}
