/** A server file: how a tool server is reached. */

/** How a tool server is reached, and what it needs. */
export interface ServerFile {
  /** As its file says. */
  readonly name: string;
  /** The absolute path of its file. */
  readonly file: string;
  /** `url`: Streamable HTTP or the older SSE. `command`: a program to start. */
  readonly address:
    | {
        /** The address. */
        readonly url: string;
        /** Which of the transports; found out by default. */
        readonly transport?: 'http' | 'sse';
      }
    | {
        /** The program. */
        readonly command: string;
        /** Its arguments; none by default. */
        readonly args: readonly string[];
      };
  /** How a client says who it is; absent when it need not. */
  readonly auth?: {
    /** The header; Authorization by default. */
    readonly header: string;
    /** `bearer` puts `Bearer ` before the secret; `raw` sends it as it is. */
    readonly scheme: 'bearer' | 'raw';
    /** The secret: a template of the agent's parameters, or a literal. */
    readonly secret: string;
  };
  /** What is sent to the server when the connection is opened. */
  readonly params: readonly {
    /** Its name. */
    readonly name: string;
    /** Taken when the agent gives none; without one it must be given. */
    readonly default?: string;
    /** It never reaches a log or the journal. */
    readonly secret: boolean;
  }[];
}
