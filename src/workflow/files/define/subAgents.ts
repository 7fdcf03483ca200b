/** What a sub-agent may use: the servers that its caller has as well, known by their addresses, and of these the tools that both allow. */
import type { AgentFile, ServerReference } from '../../../contracts/workflow/agentFile.ts';
import type { ServerFile } from '../../../contracts/workflow/serverFile.ts';

type Allowed = ServerReference['allow'][number];

/** So many levels deep agents may call each other. */
export const mostLevels = 8;

/** The name of the tool that an agent is: other characters than providers take are replaced. */
export const toolNameOf = (agent: string): string => agent.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64);

/** An agent with nothing that its caller does not have; its own sub-agents, too. */
export function narrowed(agent: AgentFile, granted: readonly ServerReference[]): AgentFile {
  const servers = agent.servers.flatMap((server) => {
    const allow = commonTools(server, granted);
    return allow.length > 0 ? [{ ...server, allow }] : [];
  });
  const { subAgents } = agent;
  return {
    ...agent,
    servers,
    ...(subAgents && { subAgents: subAgents.map((sub) => ({ ...sub, agent: narrowed(sub.agent, servers) })) }),
  };
}

/** The tools of a server that its agent and the caller both allow. A call that either has a person agree to needs it. */
export const commonTools = (server: ServerReference, granted: readonly ServerReference[]): readonly Allowed[] =>
  server.allow.flatMap((own) =>
    granted.filter((other) => isSameServer(other, server)).flatMap(({ allow }) => allow.flatMap(commonTo(own))),
  );

/** Whether two references lead to the same server, whatever they call it. */
export const isSameServer = (a: ServerReference, b: ServerReference): boolean =>
  endpointOf(a.server) === endpointOf(b.server);

function endpointOf({ address }: ServerFile): string {
  if (!('url' in address)) return JSON.stringify([address.command, ...address.args]);
  return URL.canParse(address.url) ? new URL(address.url).href : address.url;
}

const commonTo =
  (own: Allowed) =>
  (given: Allowed): readonly Allowed[] => {
    const pattern = commonPattern(own.pattern, given.pattern);
    const approval = own.approval ?? given.approval;
    return pattern === undefined ? [] : [{ pattern, ...(approval && { approval }) }];
  };

/** The pattern of the names that two patterns fit; undefined when there is none. */
function commonPattern(a: string, b: string): string | undefined {
  if (contains(a, b)) return b;
  return contains(b, a) ? a : undefined;
}

/** Whether a pattern fits all that another one fits. */
const contains = (outer: string, inner: string): boolean =>
  outer.endsWith('*') ? inner.startsWith(outer.slice(0, -1)) : outer === inner;
