/** The files that workflows use, read and fitted to their schemas, with where their references lead. */
import type { Fitted } from '../fit.ts';
import type { AgentSource } from '../schema/agent.ts';
import type { ServerSource, ServersSource } from '../schema/server.ts';
import type { WorkflowSource } from '../schema/workflow.ts';
import type { Resolution } from './resolve.ts';

/** A reference to another file, by its place. */
export interface Link {
  readonly path: readonly PropertyKey[];
  readonly reference: string;
  readonly to: Resolution;
}

/** A workflow file. */
export interface WorkflowNode extends Fitted<WorkflowSource> {
  readonly kind: 'workflow';
  readonly file: string;
  /** The name of its file without `.workflow.yaml`. */
  readonly name: string;
  /** By the place of the step. */
  readonly agents: ReadonlyMap<number, Link>;
  readonly workflows: ReadonlyMap<number, Link>;
}

/** An agent file. */
export interface AgentNode extends Fitted<AgentSource> {
  readonly kind: 'agent';
  readonly file: string;
  /** By the place of the server in the list. */
  readonly servers: ReadonlyMap<number, Link>;
  /** By the place of the sub-agent in the list. */
  readonly subAgents: ReadonlyMap<number, Link>;
}

/** A server file. */
export interface ServerNode extends Fitted<ServerSource> {
  readonly kind: 'server';
  readonly file: string;
}

/** The manifest `servers.yaml`. */
export interface ServersNode extends Fitted<ServersSource> {
  readonly kind: 'servers';
  readonly file: string;
}

/** All files that were read, by their absolute paths. */
export interface Sources {
  readonly workflows: ReadonlyMap<string, WorkflowNode>;
  readonly agents: ReadonlyMap<string, AgentNode>;
  readonly servers: ReadonlyMap<string, ServerNode>;
  /** The manifests of the workspaces, in their order. */
  readonly manifests: readonly ServersNode[];
}

/** The file that a link leads to; undefined when it leads nowhere. */
export const linked = (link: Link | undefined): string | undefined =>
  link !== undefined && 'file' in link.to ? link.to.file : undefined;
