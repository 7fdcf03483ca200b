/**
 * An entry of a process log: what the runs of a process wrote within one turn, in one message. Its counter rises by one, so that a reader notices entries
 * that were trimmed. A fence entry ends the log: no append of its process is taken after it.
 */
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import type { StoredMessage } from './store.ts';

/** The methods of a journal that a process writes to its log. Their names are stored. */
export const loggedMethods = ['commit', 'commitAll', 'record', 'bury', 'settle'] as const;
/** A method of a journal that is written to a log. */
export type LoggedMethod = (typeof loggedMethods)[number];

/** A call of such a method: its name and arguments. */
export type LoggedWrite = readonly [method: LoggedMethod, args: readonly Json[]];

/** What one run wrote, in order. */
export type RunPart = readonly [run: string, writes: readonly LoggedWrite[]];

/** An entry. */
export interface LoggedEntry {
  /** The number of the entry in its log; the first is 1. */
  readonly count: number;
  readonly parts: readonly RunPart[];
  /** Runs that the process is about to claim, so that whoever takes over from it looks for them. */
  readonly took: readonly string[];
  /** All runs that the process held when it wrote the entry; the log before it may be trimmed. */
  readonly roster: readonly string[] | undefined;
  /** With a roster: of what stands before the entry with this sequence, everything is in segments. */
  readonly trimmedBefore: number | undefined;
}

const countHeader = 'Troupe-Entry';
const fenceHeader = 'Troupe-Fence';
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The message of an entry; `parts` with writes as JSON texts. */
export function encodeEntry({
  count,
  parts,
  took,
  roster,
  trimmedBefore = 0,
}: Omit<LoggedEntry, 'parts'> & { readonly parts: readonly (readonly [run: string, texts: readonly string[]])[] }) {
  const fields = [
    `"parts":[${parts.map(([run, texts]) => `[${JSON.stringify(run)},[${texts.join(',')}]]`).join(',')}]`,
    ...(took.length > 0 ? [`"took":${JSON.stringify(took)}`] : []),
    ...(roster ? [`"roster":${JSON.stringify(roster)},"trimmedBefore":${trimmedBefore}`] : []),
  ];
  return { headers: { [countHeader]: String(count) }, body: encoder.encode(`{${fields.join(',')}}`) };
}

/** The message that ends the log of another process. */
export const fenceMessage = (by: string) => ({ headers: { [fenceHeader]: by }, body: new Uint8Array() });

/** What stands in a process log: the number of an entry, who fenced it, or neither for a message of another program. */
export function entryKind({ headers }: Pick<StoredMessage, 'headers'>): { entry?: number; fencedBy?: string } {
  const [count, by] = [headers[countHeader], headers[fenceHeader]];
  if (by !== undefined) return { fencedBy: by };
  return count !== undefined && /^[1-9]\d*$/.test(count) ? { entry: Number(count) } : {};
}

/** Reads the message of an entry. Throws `corrupt` when it is damaged. Its writes may be of methods that this version does not know. */
export function decodeEntry(process: string, { headers, body, sequence }: StoredMessage): LoggedEntry {
  const where = entryName(process, sequence);
  const { parts, took = [], roster, trimmedBefore } = parsed(where, body) as Partial<LoggedEntry>;
  if (!Array.isArray(parts)) throw damaged(where, 'it has no writes');
  return { count: Number(headers[countHeader]), parts, took, roster, trimmedBefore };
}

/** Where an entry stands, in words. */
export const entryName = (process: string, sequence: number): string => `entry ${sequence} in the log of ${process}`;

/** Throws `incompatible` for a method that this version does not know. */
export function requireKnown(where: string, method: string): void {
  if (!loggedMethods.some((name) => name === method))
    throw new TroupeError(
      'incompatible',
      `The shared journal has ${JSON.stringify(method)} in ${where}, which this troupe does not know: a newer one writes to it. Update this one.`,
    );
}

/** JSON of a stored body. */
export function parsed(where: string, body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (thrown) {
    throw damaged(where, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The error for stored data that cannot be read. */
export const damaged = (where: string, what: string) =>
  new TroupeError(
    'corrupt',
    `The shared journal is damaged in ${where}: ${what}. Only the runs in it are concerned. See "troupe doctor", or restore a backup of the server's store.`,
    { data: { what: `${where}: ${what}` } },
  );
