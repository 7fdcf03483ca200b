/** What the effects of an agent step are given: the models, the tool servers, and the values of secrets. The language of workflows must be loaded. */
import type { ToolSource } from '../../../src/contracts/tool.ts';
import type { AgentTaskServer } from '../../../src/contracts/workflow/agentTask.ts';
import type { SecretSource } from '../../../src/contracts/workflow/values.ts';
import type { Json } from '../../../src/values/json.ts';
import type { ModelGateway } from '../../tools.ts';

/** The secrets of a server, in clear. */
export interface ServerCredentials {
  /** The value of the header that authenticates; absent when there is none. */
  readonly auth?: string;
  /** What is sent when the connection is opened; absent when there is nothing. */
  readonly params?: Readonly<Record<string, Json>>;
}

/** The tool servers. A session is shared by those that reach a server with the same credentials, and stays open between calls. */
export interface AgentStepServers {
  /** The tools of a server, which is as it was stored: its sealed values are among the credentials. Nothing is connected before they are listed or called. */
  tools(server: AgentTaskServer, credentials: ServerCredentials): ToolSource | Promise<ToolSource>;
}

/** What an agent step needs beside its task. */
export interface AgentStepDeps {
  /** Its model choices are the names of groups. */
  readonly gateway: ModelGateway;
  readonly servers: AgentStepServers;
  readonly secrets: SecretSource;
}
