/** Reads a workflow and all files that it uses, directly or not. */
import { basename, dirname } from 'node:path';
import { fit } from '../fit.ts';
import { agentFileSchema } from '../schema/agent.ts';
import { serverFileSchema } from '../schema/server.ts';
import { workflowFileSchema } from '../schema/workflow.ts';
import type { FileReader } from './readFiles.ts';
import { resolveFile, type Resolution } from './resolve.ts';
import { linked, type AgentNode, type Link, type ServerNode, type ServersNode, type WorkflowNode } from './sources.ts';
import type { Workspace } from './workspaces.ts';

/** Collects files: each is read once, however many others use it. */
export class Collector {
  readonly workflows = new Map<string, WorkflowNode>();
  readonly agents = new Map<string, AgentNode>();
  readonly servers = new Map<string, ServerNode>();
  readonly #reader: FileReader;
  readonly #workspaces: readonly Workspace[];
  readonly manifests: readonly ServersNode[];
  readonly #begun = new Set<string>();
  readonly #resolved = new Map<string, Promise<Resolution>>();

  constructor(reader: FileReader, workspaces: readonly Workspace[], manifests: readonly ServersNode[]) {
    this.#reader = reader;
    this.#workspaces = workspaces;
    this.manifests = manifests;
  }

  /** Reads a workflow file and what it uses. */
  async workflow(file: string): Promise<void> {
    if (!this.#begin(file)) return;
    const fitted = fit(workflowFileSchema, await this.#reader.read(file));
    const steps = fitted.value?.pipeline ?? [];
    const agents = await this.#links(
      file,
      steps.map(({ agent }, at) => ({ path: ['pipeline', at, 'agent'], to: agent })),
    );
    const workflows = await this.#links(
      file,
      steps.map(({ workflow }, at) => ({ path: ['pipeline', at, 'workflow'], to: workflow })),
    );
    this.workflows.set(file, { kind: 'workflow', file, name: workflowName(file), ...fitted, agents, workflows });
    for (const link of agents.values()) await this.#follow(link, (to) => this.agent(to));
    for (const link of workflows.values()) await this.#follow(link, (to) => this.workflow(to));
  }

  /** Reads an agent file, its server files and its sub-agents. */
  async agent(file: string): Promise<void> {
    if (!this.#begin(file)) return;
    const fitted = fit(agentFileSchema, await this.#reader.read(file));
    const servers = await this.#links(
      file,
      (fitted.value?.servers ?? []).map(({ path }, at) => ({ path: ['servers', at, 'path'], to: path })),
    );
    const subAgents = await this.#links(
      file,
      (fitted.value?.sub_agents ?? []).map((to, at) => ({ path: ['sub_agents', at], to })),
    );
    this.agents.set(file, { kind: 'agent', file, ...fitted, servers, subAgents });
    for (const link of servers.values()) await this.#follow(link, (to) => this.server(to));
    for (const link of subAgents.values()) await this.#follow(link, (to) => this.agent(to));
  }

  /** Reads a server file. A manifest is known already. */
  async server(file: string): Promise<void> {
    if (this.manifests.some((manifest) => manifest.file === file) || !this.#begin(file)) return;
    this.servers.set(file, { kind: 'server', file, ...fit(serverFileSchema, await this.#reader.read(file)) });
  }

  /** False for a file that was begun before: workflows may refer to each other in a circle. */
  #begin(file: string): boolean {
    if (this.#begun.has(file)) return false;
    this.#begun.add(file);
    return true;
  }

  async #follow(link: Link, read: (file: string) => Promise<void>): Promise<void> {
    const file = linked(link);
    if (file !== undefined) await read(file);
  }

  async #links(
    from: string,
    references: readonly { path: readonly PropertyKey[]; to: string | null | undefined }[],
  ): Promise<Map<number, Link>> {
    const links = new Map<number, Link>();
    for (const [at, { path, to }] of references.entries())
      if (typeof to === 'string') links.set(at, { path, reference: to, to: await this.#resolve(to, from) });
    return links;
  }

  /** Files in one folder mean the same file by the same reference. */
  #resolve(reference: string, from: string): Promise<Resolution> {
    const key = `${dirname(from)}\0${reference}`;
    const resolving = this.#resolved.get(key) ?? resolveFile(reference, from, this.#workspaces);
    this.#resolved.set(key, resolving);
    return resolving;
  }
}

/** The name of a workflow: that of its file without `.workflow.yaml`. */
export const workflowName = (file: string): string => basename(file).replace(/(?:\.workflow)?\.ya?ml$/, '');
