/** Opens sessions in tests. */
import { toolServer } from '../../../actors/toolServer.ts';
import type { AgentTaskServer } from '../../../src/contracts/workflow/agentTask.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { serverSessions, type ServerSessionsOptions } from '../../../src/mcp/sessions/sessions.ts';

/** Sessions on the clock of the system. */
export const openSessions = (options: Partial<ServerSessionsOptions> = {}) =>
  serverSessions({ clock: systemClock(), keep: toolServer, ...options });

/** A server of an agent task at this address. */
export const taskServer = (url: string, more: Partial<AgentTaskServer> = {}): AgentTaskServer => ({
  name: 'kv',
  address: { url },
  allow: ['*'],
  approvals: [],
  ...more,
});
