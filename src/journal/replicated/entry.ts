/** An entry of the log: consecutive writes of one process, each a method of the journal with its arguments. */
import type { Json } from '../../values/json.ts';

/** The methods of a journal that change it, except `claim`, which needs an answer about another process first. */
export const loggedMethods = [
  'commit',
  'record',
  'bury',
  'settle',
  'renew',
  'release',
  'post',
  'dropMail',
  'prune',
] as const;
/** A method of a journal that is written to the log. These names are stored. */
export type LoggedMethod = (typeof loggedMethods)[number] | 'claim';

/** A decoded entry. These property names are stored. */
export interface LoggedEntry {
  /** The name of its writer: unique for each start of a process. */
  readonly by: string;
  /** The number of its first write; each writer numbers its writes from 0. */
  readonly from: number;
  /** The position up to which its writer had applied the log when it wrote. */
  readonly after: number;
  readonly writes: readonly (readonly [LoggedMethod, readonly Json[]])[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A write as JSON text. */
export const encodeWrite = (write: LoggedMethod, args: readonly unknown[]): string => JSON.stringify([write, args]);

/** The bytes of an entry; `writes` as `encodeWrite` gives them. */
export const encodeEntry = ({ by, from, after }: Omit<LoggedEntry, 'writes'>, writes: readonly string[]): Uint8Array =>
  encoder.encode(`{"by":${JSON.stringify(by)},"from":${from},"after":${after},"writes":[${writes.join(',')}]}`);

/** Decodes an entry. Undefined for bytes that no process of this package has written. */
export function decodeEntry(entry: Uint8Array): LoggedEntry | undefined {
  try {
    const decoded: unknown = JSON.parse(decoder.decode(entry));
    return isEntry(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** Checks the frame only: what a write holds is checked when it is applied. */
function isEntry(decoded: unknown): decoded is LoggedEntry {
  const { by, from, after, writes } = (decoded ?? {}) as Partial<LoggedEntry>;
  return typeof by === 'string' && Number.isSafeInteger(from) && Number.isSafeInteger(after) && Array.isArray(writes);
}
