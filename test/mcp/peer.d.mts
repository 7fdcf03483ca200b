import type { Server } from '@modelcontextprotocol/sdk/server/index.js';

export interface World {
  stopped: number;
  grown: boolean;
}
export function makeWorld(): World;
export function makeServer(conduct?: string, world?: World): Server;
