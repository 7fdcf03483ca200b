/** One line for each request, in the log of the process. */
import { escapeControls } from '../../../observe/format.ts';
import type { Logger } from '../../../observe/logger.ts';

/** Where the lines go: a `logger` of the process. */
export type AccessLog = Pick<Logger, 'write'>;

/** What is told of a request. The query is not: it may have a token. */
export interface Access {
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly ended: number;
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Why it failed, when that is a defect of ours. */
  readonly defect?: string;
}

/** Writes the line. What the log throws stays here: a request is answered all the same. */
export function writeAccess(
  log: AccessLog | undefined,
  { started, ended, id, method, url, status, defect }: Access,
): void {
  if (!log) return;
  try {
    const path = escapeControls(new URL(url).pathname.slice(0, 300));
    log.write(defect === undefined ? 'info' : 'error', ended, `${method.slice(0, 20)} ${path} ${status}`, {
      request: id,
      status,
      ms: ended - started,
      ...(defect === undefined ? {} : { defect }),
    });
  } catch {
    // Told nobody: the log is what would tell.
  }
}
