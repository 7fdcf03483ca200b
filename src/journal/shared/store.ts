/**
 * What a shared journal needs of a server: named logs whose appends are fenced, and who is present. A fenced append names the sequence of the last message
 * under its name, and is refused when another message is the last one: so of two writers one goes on, and the other learns of it.
 */

import type { TroupeError } from '../../values/failure.ts';

/** A message in a named log. */
export interface StoredMessage {
  /** Rises from message to message in all logs of a collection; never given twice. */
  readonly sequence: number;
  /** What its writer says of it; any text. */
  readonly headers: Readonly<Record<string, string>>;
  /** What its writer gave. */
  readonly body: Uint8Array;
}

/** The last message of a log without its body. */
export interface LogHead extends Omit<StoredMessage, 'body'> {
  /** The name of the log. */
  readonly name: string;
}

/** A message that is to be appended. */
export type NewMessage = Pick<StoredMessage, 'headers' | 'body'>;

/** Logs by name. A name is one or more tokens with "/" between them; a prefix is a number of whole tokens. Any text is a token. */
export interface FencedLogs {
  /**
   * Appends a message when `expected` is the sequence of the last one under this name, 0 when there is none. Resolves with its sequence when it is
   * durable; with undefined, storing nothing, when another message is the last one. Rejects with `storage` when it may be stored or not.
   * A body may be larger than a message of the server.
   */
  append(name: string, expected: number, message: NewMessage): Promise<number | undefined>;
  /** The last message; it is never older than an append that was acknowledged before the call. */
  last(name: string): Promise<StoredMessage | undefined>;
  /** The messages of a log in order that are there by now, after a sequence; all by default. `last`: what `last` has returned; only those up to it. */
  read(name: string, after?: number, last?: StoredMessage): AsyncIterable<StoredMessage>;
  /** The last messages of some logs; those that do not exist are left out. May lag behind `last`. */
  heads(names: readonly string[]): Promise<readonly LogHead[]>;
  /** The last messages of all logs, the oldest first; only those after a sequence, where it is given. May lag behind `last`. */
  allHeads(after?: number): AsyncIterable<LogHead>;
  /** The names of the logs below a prefix that have a message; of all by default. */
  names(prefix?: string): Promise<readonly string[]>;
  /** The sequence of the last message of the collection: while it is the same, nothing was appended. */
  lastSequence(): Promise<number>;
  /** Deletes the messages of a log before a sequence. */
  trim(name: string, before: number): Promise<void>;
  /** Deletes all messages of a log. An append that expects 0 is then taken again. */
  remove(name: string): Promise<void>;
}

/** Which processes live. An announcement lasts `presenceTtl`. */
export interface Presence {
  /** Says that a process lives. Resolves when the server has it. */
  announce(process: string): Promise<void>;
  /** Takes the announcement back. */
  withdraw(process: string): Promise<void>;
  /** The processes that were announced within `presenceTtl`; undefined while that says nothing, because the server or this connection began less than that ago. */
  present(): Promise<ReadonlySet<string> | undefined>;
  /** Answers pings for a process, and calls `onNudge` with what others send it. */
  answer(process: string, onNudge: (run: string) => void): Disposable;
  /** `gone`: nobody is connected under this name; `silent`: no answer within `timeout` milliseconds. */
  ping(process: string, timeout: number): Promise<'alive' | 'gone' | 'silent'>;
  /** Tells a process that there is mail for a run. May be lost. */
  nudge(process: string, run: string): void;
}

/** Milliseconds for which an announcement of a process lasts. */
export const presenceTtl = 1_500;
/** Milliseconds between two announcements of a process. */
export const presenceInterval = 500;

/** A store that many processes share. Closing it does not close the connection. */
export interface SharedStore extends AsyncDisposable {
  /** Write-ahead logs of processes, by incarnation. */
  readonly logs: FencedLogs;
  /** The segments of runs, by run. */
  readonly runs: FencedLogs;
  /** Messages that wait, by `run/digest of the message's id`. */
  readonly mail: FencedLogs;
  /** Runs that no process has, by run. */
  readonly free: FencedLogs;
  /** Which processes live. */
  readonly presence: Presence;
  /** Identity of the store: one that was created again in its place has another. */
  readonly identity: string;
  /** Why this process cannot use the store any more: it is another one, or in an older state than this process has seen. Undefined while it can. */
  lost(): TroupeError | undefined;
  /** Rejects with `auth` when this process may not delete runs. Changes nothing. */
  requireDeletion(): Promise<void>;
}
