/** What a step gives to the servers of its agent, `params.server.NAME.PARAMETER`: it comes before what the agent and the server file say. */
import { isJsonObject } from '../../../values/json.ts';
import { nearestName } from '../../../values/options.ts';
import { serverOf } from '../define/agent.ts';
import type { FileProblem } from '../problem.ts';
import { linked, type AgentNode, type Sources, type WorkflowNode } from '../project/sources.ts';

/** Checks that the servers and the parameters that a step names are there. */
export function checkServerOverrides(
  node: WorkflowNode,
  at: number,
  agent: AgentNode,
  sources: Sources,
): FileProblem[] {
  const path = ['pipeline', at, 'params', 'server'];
  const servers = serversOf(agent, sources);
  return Object.entries(givenTo(node, at)).flatMap(([name, params]) => {
    const declared = servers.get(name);
    if (!declared) return [unknown(node, [...path, name], `The agent has no server "${name}"`, [...servers.keys()])];
    return Object.keys(isJsonObject(params) ? params : {}).flatMap((param) => {
      const place = [...path, name, param];
      if (!Object.hasOwn(declared, param))
        return [unknown(node, place, `The server "${name}" has no parameter "${param}"`, Object.keys(declared))];
      return [];
    });
  });
}

/** Whether the parameter that a step gives to a server is one that may show a secret; false when there is no such parameter. */
export function mayShow(agent: AgentNode, server: string, param: string, sources: Sources): boolean {
  const declared = serversOf(agent, sources).get(server) ?? {};
  return Object.hasOwn(declared, param) && declared[param]?.secret !== true;
}

/** Whether a step gives this parameter to a server of its agent: then the agent need not. */
export const isGivenByStep = (agent: AgentNode, server: string, param: string, { workflows }: Sources): boolean =>
  [...workflows.values()].some((node) =>
    [...node.agents].some(([at, link]) => {
      const given = givenTo(node, at)[server];
      return linked(link) === agent.file && isJsonObject(given) && given[param] != null;
    }),
  );

/** What a step gives to the servers of its agent, by their names. */
function givenTo({ value }: WorkflowNode, at: number): Readonly<Record<string, unknown>> {
  const given = value?.pipeline[at]?.params?.['server'];
  return isJsonObject(given) ? given : {};
}

/** The parameters of the servers of an agent, by the names that the agent gives them. */
const serversOf = (agent: AgentNode, sources: Sources) =>
  new Map(
    (agent.value?.servers ?? []).flatMap(({ name }, at) => {
      const found = serverOf(agent, at, sources);
      return found ? [[String(name ?? found.source.name ?? ''), found.source.params ?? {}] as const] : [];
    }),
  );

function unknown(
  node: WorkflowNode,
  path: readonly PropertyKey[],
  what: string,
  known: readonly string[],
): FileProblem {
  const meant = nearestName(String(path.at(-1)), known);
  return node.yaml.problem(path, meant === undefined ? `${what}.` : `${what}; did you mean "${meant}"?`, {
    severity: 'warning',
    key: true,
  });
}
