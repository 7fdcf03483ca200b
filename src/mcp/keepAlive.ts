/** The interfaces between the MCP client and the actor that keeps its connection alive. */
import type { Clock } from '../values/clock.ts';
import type { Failure } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import type { ToolScope } from '../contracts/tool.ts';

/** A tool as its server describes it. */
export interface ServerTool {
  /** Its name on the server. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description: string;
  /** JSON Schema of its input. */
  readonly input: JsonObject;
  /** JSON Schema of its structured output; null when it has none. */
  readonly output: JsonObject | null;
  /** The server says that it changes nothing. */
  readonly readOnly: boolean;
  /** The server says that performing it again changes nothing more. */
  readonly idempotent: boolean;
}

/** What a server offers. */
export interface ToolList {
  /** The tools that can be used. */
  readonly tools: readonly ServerTool[];
  /** What was wrong with entries of its list, in a sentence each. */
  readonly problems: readonly string[];
}

/** One open connection to a server. */
export interface McpConnection extends AsyncDisposable {
  /** The tools of the server. */
  list(signal: AbortSignal): Promise<ToolList>;
  /** Calls a tool. `sent` is called when the server may have begun: if the answer is lost afterwards, it is unknown whether the call was made. */
  call(tool: ServerTool, input: JsonObject, scope: ToolScope, sent: () => void): Promise<Json>;
}

/** What a connection reports. */
export interface McpConnectionEvents {
  /** The list of tools has changed. */
  changed(): void;
  /** The server wrote something that is no message. */
  unreadable(line: string): void;
  /** The connection is gone. */
  lost(failure: Failure): void;
}

/** Opens a connection. When the signal fires it stops, and closes what it had opened. */
export type Connect = (signal: AbortSignal, events: McpConnectionEvents) => Promise<McpConnection>;

/** Keeps one connection alive: opens it when first wanted, and again when it was lost, until it is disposed. */
export interface KeptConnection extends AsyncDisposable {
  /** The connection, as soon as it is open. Rejects with the latest failure when no more attempts are made. */
  connection(signal: AbortSignal): Promise<McpConnection>;
  /** The tools, once they are known and fresh. */
  tools(signal: AbortSignal): Promise<ToolList>;
  /** The tools as last known. */
  readonly known: readonly ServerTool[];
  /** Closes the connection until it is needed again. */
  rest(): Promise<void>;
  /** The state of the connection. */
  readonly state: string;
  /** Called when the list of tools has changed, or no more attempts are made. */
  onChange(changed: () => void): Disposable;
}

/** How a connection is kept alive. */
export interface KeepAliveOptions {
  /** The name of the server. */
  readonly name: string;
  /** Time and timers. */
  readonly clock: Clock;
  /** How many failures in a row end the attempts. */
  readonly tries: number;
  /** How long connecting may take, and listing, in milliseconds. */
  readonly patience: number;
}

/** Keeps a connection alive. */
export type KeepAlive = (connect: Connect, options: KeepAliveOptions) => KeptConnection;
