/** Makes the definition of an agent from its file. */
import { basename } from 'node:path';
import type {
  AgentFile,
  AgentParameter,
  ApprovalRule,
  ServerReference,
} from '../../../contracts/workflow/agentFile.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../values/json.ts';
import { goDuration } from '../goDuration.ts';
import { linked, type AgentNode, type Sources } from '../project/sources.ts';
import type { AgentSource } from '../schema/agent.ts';
import type { ServerSource } from '../schema/server.ts';
import { defineServer } from './server.ts';
import { mostLevels, narrowed, toolNameOf } from './subAgents.ts';

/** The turns of an agent that does not say how many. */
const defaultTurns = 10;

/** The definition of an agent that was checked. `above` are the files of the agents that call it: a circle is refused by the checks, and must not be endless here. */
export function defineAgent(node: AgentNode, sources: Sources, above: readonly string[] = []): AgentFile {
  const source: AgentSource = node.value ?? {};
  const turns = source.max_turns ?? 0;
  const servers = (source.servers ?? []).flatMap((reference, at) => {
    const found = serverOf(node, at, sources);
    return found ? [serverReference(reference, defineServer(found.source, found.file))] : [];
  });
  const subAgents = [...node.subAgents.keys()].flatMap((at) => {
    const sub = subAgentOf(node, at, sources);
    const callers = [...above, node.file];
    // One level more than is allowed: the checks count them.
    if (!sub?.value || callers.includes(sub.file) || callers.length > mostLevels + 1) return [];
    const agent = defineAgent(sub, sources, callers);
    const { name } = agent;
    const description = String(sub.value.description ?? name);
    return [{ tool: toolNameOf(name), description, agent: narrowed(agent, servers) }];
  });
  return {
    name: agentName(node),
    file: node.file,
    group: source.model ?? '',
    maxTurns: turns > 0 ? turns : defaultTurns,
    params: agentParameters(source),
    prompt: {
      system: source.prompt?.system ?? '',
      ...(source.prompt?.user != null && { user: source.prompt.user }),
      ...(source.prompt?.reflect != null && { reflect: source.prompt.reflect }),
    },
    servers,
    ...(subAgents.length > 0 && { subAgents }),
    output: schemaOf(source.output?.schema),
  };
}

/** The name of an agent: that in its file, or that of its file. */
const agentName = ({ value, file }: AgentNode): string =>
  String(value?.name ?? basename(file).replace(/(?:\.agent)?\.ya?ml$/, ''));

/** The sub-agent at a place of an agent's list; undefined when there is no such file. */
export const subAgentOf = (node: AgentNode, at: number, { agents }: Sources): AgentNode | undefined =>
  agents.get(linked(node.subAgents.get(at)) ?? '');

/** The parameters of an agent, in the order of its schema. */
export function agentParameters(source: AgentSource): AgentParameter[] {
  const schema = schemaOf(source.params?.schema);
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly Json[]) : [];
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).map(([name, property]) => {
    const { secret, ...rest } = isJsonObject(property) ? property : {};
    const fallback = rest['default'];
    return {
      name,
      schema: rest,
      required: required.includes(name) && fallback === undefined,
      ...(fallback !== undefined && { default: fallback }),
      secret: secret === true,
    };
  });
}

/** The server that an agent refers to at a place of its list: a file, or an entry of servers.yaml by its name. */
export function serverOf(
  node: AgentNode,
  at: number,
  sources: Sources,
): { readonly source: ServerSource; readonly file: string } | undefined {
  const reference = node.value?.servers?.[at];
  const file = linked(node.servers.get(at));
  const own = file === undefined ? undefined : sources.servers.get(file);
  if (own) return own.value && { source: own.value, file: own.file };
  for (const manifest of sources.manifests) {
    if (file !== undefined && manifest.file !== file) continue;
    const entry = manifest.value?.servers?.find(({ name }) => name === reference?.name);
    if (entry) {
      const { source: _source, ...server } = entry;
      return { source: server, file: manifest.file };
    }
  }
  return undefined;
}

function serverReference(
  reference: NonNullable<AgentSource['servers']>[number],
  server: ReturnType<typeof defineServer>,
): ServerReference {
  return {
    name: String(reference.name ?? server.name),
    server,
    // What YAML holds is JSON.
    params: (reference.params ?? {}) as Readonly<Record<string, Json>>,
    allow: (reference.access?.allowlist ?? []).map((entry) =>
      typeof entry === 'string'
        ? { pattern: entry }
        : { pattern: entry.name, ...(entry.require_approval && { approval: approvalRule(entry.require_approval) }) },
    ),
    ...(reference.persistent_id != null && { persistentId: String(reference.persistent_id) }),
  };
}

interface ApprovalSource {
  readonly on_reject?: 'fail' | 'recover' | null | undefined;
  readonly timeout?: string | null | undefined;
  readonly timeout_behavior?: 'fail' | 'reject' | null | undefined;
}

function approvalRule(source: ApprovalSource): ApprovalRule {
  const timeout = goDuration(source.timeout ?? '');
  return {
    onReject: source.on_reject ?? 'fail',
    ...(timeout !== undefined && { timeout }),
    timeoutBehavior: source.timeout_behavior ?? 'fail',
  };
}

/** A JSON Schema of a file; an empty one when there is none. */
export const schemaOf = (schema: Readonly<Record<string, unknown>> | null | undefined): JsonObject =>
  // What YAML holds is JSON.
  (schema ?? {}) as JsonObject;
