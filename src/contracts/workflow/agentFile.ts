/** An agent file as it is run, and what it may use. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { ServerFile } from './serverFile.ts';

/** A parameter of an agent. */
export interface AgentParameter {
  /** Its name in templates. */
  readonly name: string;
  /** JSON Schema of the value. */
  readonly schema: JsonObject;
  /** Whether a step must give it; one with a default need not be given. */
  readonly required: boolean;
  /** Taken when the step gives none. */
  readonly default?: Json;
  /** It never reaches a prompt, a log or the journal. */
  readonly secret: boolean;
}

/** An agent file. */
export interface AgentFile {
  /** As its file says. */
  readonly name: string;
  /** The absolute path of its file. */
  readonly file: string;
  /** The model group. */
  readonly group: string;
  /** How often the model may be asked in the main loop; 10 by default. */
  readonly maxTurns: number;
  /** What its prompts and servers may read. */
  readonly params: readonly AgentParameter[];
  /** Its prompts, as they were written. */
  readonly prompt: {
    /** The system prompt, without templates. */
    readonly system: string;
    /** The user's prompt, with templates of `params`; by default the parameters as JSON. */
    readonly user?: string;
    /** The prompt of the reflection; absent when there is none. */
    readonly reflect?: string;
  };
  /** The tool servers that it may use; none by default. */
  readonly servers: readonly ServerReference[];
  /** The agents that it may call like tools; absent when there are none. */
  readonly subAgents?: readonly SubAgentReference[];
  /** JSON Schema that its output must fit, as it was written. */
  readonly output: JsonObject;
}

/** An agent that another agent may call like a tool. */
export interface SubAgentReference {
  /** The name of the tool. */
  readonly tool: string;
  /** What the model is told about it. */
  readonly description: string;
  /** The agent, with those servers and tools only that its caller has as well. */
  readonly agent: AgentFile;
}

/** A tool server that an agent may use, and which of its tools. */
export interface ServerReference {
  /** Its name in messages. */
  readonly name: string;
  /** How it is reached. */
  readonly server: ServerFile;
  /** Values for the server's parameters: literals, or `{{ params.X }}` of the agent. */
  readonly params: Readonly<Record<string, Json>>;
  /** Allowed tools: a name, `prefix-*`, or `*`. */
  readonly allow: readonly {
    /** Which tools. */
    readonly pattern: string;
    /** A person must agree to each call; absent when nobody is asked. */
    readonly approval?: ApprovalRule;
  }[];
  /** Sent to the server as the name of a session that it keeps. */
  readonly persistentId?: string;
}

/** A person must agree to each call of a tool. */
export interface ApprovalRule {
  /** What a rejection does: fails the step, or tells the model, which goes on. */
  readonly onReject: 'fail' | 'recover';
  /** How long a person has, in milliseconds; no limit by default. */
  readonly timeout?: number;
  /** What silence does: fails the step, or counts as a rejection. */
  readonly timeoutBehavior: 'fail' | 'reject';
}
