/** Checks the sub-agents of an agent: that each can be one of its tools, and is given nothing that the agent itself does not have. */
import type { AgentFile, ServerReference } from '../../../contracts/workflow/agentFile.ts';
import { agentParameters, defineAgent, subAgentOf } from '../define/agent.ts';
import { commonTools, isSameServer, mostLevels, toolNameOf } from '../define/subAgents.ts';
import type { FileProblem } from '../problem.ts';
import { linked, type AgentNode, type Sources } from '../project/sources.ts';
import { wayTo } from './cycles.ts';

/** Checks the list `sub_agents` of an agent file. */
export function checkSubAgents(node: AgentNode, sources: Sources): FileProblem[] {
  if (node.subAgents.size === 0) return [];
  const own = defineAgent(node, sources);
  const names: string[] = [];
  const problems = [...node.subAgents].flatMap(([at, link]) => {
    const place = (message: string, more?: Parameters<typeof node.yaml.problem>[2]) =>
      node.yaml.problem(link.path, message, more);
    if ('problem' in link.to) return [place(link.to.problem)];
    const circle = circleThrough(node, link.to.file, sources);
    if (circle) return [place(circle)];
    const sub = subAgentOf(node, at, sources);
    // What keeps a file from being read is told there.
    if (!sub?.value) return [];
    const agent = defineAgent(sub, sources, [node.file]);
    const clash = clashOf(agent.name, own, names);
    names.push(toolNameOf(agent.name));
    return [
      ...(clash === undefined ? [] : [place(clash)]),
      ...missingSecrets(node, sub, agent.name).map((message) => place(message)),
      ...notGranted(agent, own.servers).map((message) => place(message)),
      ...(sub.value.description == null
        ? [
            place(`The agent "${agent.name}" has no description: the model is not told what it is for.`, {
              severity: 'warning',
            }),
          ]
        : []),
    ];
  });
  return levelsOf(own) <= mostLevels
    ? problems
    : [
        ...problems,
        node.yaml.problem(
          ['sub_agents'],
          `Agents call each other at most ${mostLevels} levels deep, and here are more: take a level out.`,
          { key: true },
        ),
      ];
}

const levelsOf = ({ subAgents = [] }: AgentFile): number =>
  subAgents.length === 0 ? 0 : 1 + Math.max(...subAgents.map(({ agent }) => levelsOf(agent)));

function circleThrough(node: AgentNode, to: string, sources: Sources): string | undefined {
  const next = (file: string) =>
    [...(sources.agents.get(file)?.subAgents.values() ?? [])].flatMap((link) => linked(link) ?? []);
  const back = wayTo(to, node.file, next);
  if (!back) return undefined;
  const names = [node.file, ...back].map((file) => {
    const agent = sources.agents.get(file);
    return agent ? defineAgent(agent, sources).name : file;
  });
  return `These agents call each other in a cycle: ${names.join(' -> ')}.`;
}

/** Another tool of the agent with the name of this one, as far as the files say; undefined when there is none. */
function clashOf(name: string, { servers }: AgentFile, before: readonly string[]): string | undefined {
  const tool = toolNameOf(name);
  if (before.includes(tool))
    return `There is a sub-agent with the tool name "${tool}" already: give one of them another "name".`;
  const server = servers.find(({ allow }) => allow.some(({ pattern }) => pattern === tool));
  return server && `The server "${server.name}" has a tool "${tool}" as well: give the sub-agent another "name".`;
}

/** No model gives a secret: those of a sub-agent are the secrets of its caller with the same names. */
function missingSecrets(node: AgentNode, sub: AgentNode, name: string): string[] {
  const given = agentParameters(node.value ?? {}).filter(({ secret }) => secret);
  return agentParameters(sub.value ?? {})
    .filter((param) => param.secret && param.required && !given.some((each) => each.name === param.name))
    .map(
      (param) =>
        `The sub-agent "${name}" needs the secret parameter "${param.name}", which no model may give: add a parameter "${param.name}" with "secret: true" to this agent, and its value is passed on.`,
    );
}

/** Servers of a sub-agent, and of its own sub-agents, of which nothing is left. */
function notGranted({ name, servers, subAgents = [] }: AgentFile, granted: readonly ServerReference[]): string[] {
  const left: ServerReference[] = [];
  const own = servers.flatMap((server) => {
    const allow = commonTools(server, granted);
    if (allow.length > 0) left.push({ ...server, allow });
    if (allow.length > 0 || server.allow.length === 0) return [];
    return granted.some((other) => isSameServer(other, server))
      ? [
          `The sub-agent "${name}" may call no tool of the server "${server.name}": the allowlists of both agents have none in common.`,
        ]
      : [
          `The sub-agent "${name}" uses the server "${server.name}", which this agent does not have: add it to "servers", with the tools that both may call.`,
        ];
  });
  return [...own, ...subAgents.flatMap(({ agent }) => notGranted(agent, left))];
}
