/** The sub-agents of an agent as tools: with the schema of their arguments, the model groups that are really used, and where their secrets come from. */
import type { AgentFile, AgentParameter } from '../../src/contracts/workflow/agentFile.ts';
import type { AgentTaskSubAgent } from '../../src/contracts/workflow/agentTask.ts';
import type { Sealed } from '../../src/contracts/workflow/values.ts';
import type { JsonObject } from '../../src/values/json.ts';

/** What the sub-agents of an agent take from it. */
export interface Caller {
  /** The model group of the agent, for sub-agents that have none. */
  readonly group: string;
  /** How its secret parameters are found again, by their names. */
  readonly sealed: Readonly<Record<string, Sealed>>;
  /** The model group that is used in place of the one that was written. */
  groupOf(group: string): string;
}

/** The sub-agents of an agent, for its task. */
export const offeredSubAgents = ({ subAgents = [] }: AgentFile, caller: Caller): readonly AgentTaskSubAgent[] =>
  subAgents.map(({ tool, description, agent }) => ({
    tool,
    description,
    input: argumentsOf(agent.params),
    agent: withGroups(agent, caller),
    secrets: Object.fromEntries(
      agent.params.flatMap(({ name, secret }) => {
        const sealed = secret && Object.hasOwn(caller.sealed, name) ? caller.sealed[name] : undefined;
        return sealed ? [[name, sealed]] : [];
      }),
    ),
  }));

/** No model gives a secret. */
function argumentsOf(params: readonly AgentParameter[]): JsonObject {
  const open = params.filter(({ secret }) => !secret);
  return {
    type: 'object',
    properties: Object.fromEntries(open.map(({ name, schema }) => [name, schema])),
    required: open.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}

function withGroups(agent: AgentFile, { group: inherited, groupOf }: Omit<Caller, 'sealed'>): AgentFile {
  const group = agent.group === '' ? inherited : groupOf(agent.group);
  const { subAgents } = agent;
  return {
    ...agent,
    group,
    ...(subAgents && {
      subAgents: subAgents.map((sub) => ({ ...sub, agent: withGroups(sub.agent, { group, groupOf }) })),
    }),
  };
}
