/** What the MCP client and whoever keeps its connection alive say to each other; neither knows how the other works. */
import type { Clock } from '../contracts/clock.ts';
import type { Failure } from '../contracts/failure.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { ToolScope } from '../contracts/tool.ts';

/** A tool as its server describes it, as far as we believe it. */
export interface ServerTool {
  readonly name: string;
  readonly description: string;
  readonly input: JsonObject;
  readonly output: JsonObject | null;
  /** The server says that it changes nothing. */
  readonly readOnly: boolean;
  /** The server says that performing it again changes nothing more. */
  readonly idempotent: boolean;
}

/** One open connection to a server. */
export interface Link extends AsyncDisposable {
  list(signal: AbortSignal): Promise<readonly ServerTool[]>;
  /** `sent` is called when the server may have begun: from then on a lost answer leaves open what happened. */
  call(tool: ServerTool, input: Json, scope: ToolScope, sent: () => void): Promise<Json>;
}

export interface LinkEvents {
  /** The list is no longer what it was. */
  changed(): void;
  /** The connection is gone. */
  lost(failure: Failure): void;
}

/** Opens a connection; when the signal fires it gives up and leaves nothing behind. */
export type Dial = (signal: AbortSignal, events: LinkEvents) => Promise<Link>;

/** Keeps one connection alive: opens it when first wanted, and again when it was lost, until it is disposed. */
export interface Keeper extends AsyncDisposable {
  /** The connection, once there is one. Rejects with the last failure when it was given up. */
  link(signal: AbortSignal): Promise<Link>;
  /** The tools, once they are known and fresh. */
  tools(signal: AbortSignal): Promise<readonly ServerTool[]>;
  /** The tools as last known. */
  readonly known: readonly ServerTool[];
  /** Ends the server; it is started again when it is wanted again. */
  rest(): Promise<void>;
  /** How it stands, in a word. */
  readonly state: string;
  /** The list is another one, or the server was given up. */
  onChange(changed: () => void): Disposable;
}

export interface KeepOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Failures in a row after which it is given up. */
  readonly tries: number;
  /** Milliseconds for connecting and for listing. */
  readonly patience: number;
}

export type Keep = (dial: Dial, options: KeepOptions) => Keeper;
