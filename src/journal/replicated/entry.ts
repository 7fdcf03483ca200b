/** An entry of the log: consecutive writes of one process, each a method of the journal with its arguments. */
import { errorMessage } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { argumentsFault } from './entryArguments.ts';
import { loggedMethods, type LoggedMethod } from './loggedMethods.ts';

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
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A write as JSON text. */
export const encodeWrite = (write: LoggedMethod, args: readonly unknown[]): string => JSON.stringify([write, args]);

/** The bytes of an entry; `writes` as `encodeWrite` gives them. */
export const encodeEntry = ({ by, from, after }: Omit<LoggedEntry, 'writes'>, writes: readonly string[]): Uint8Array =>
  encoder.encode(`{"by":${JSON.stringify(by)},"from":${from},"after":${after},"writes":[${writes.join(',')}]}`);

/** The id under which an entry is appended. It repeats the entry's own numbers: what another program puts on the subject has no such id. */
export const entryId = ({ by, from, after }: Omit<LoggedEntry, 'writes'>): string => `${after}-${by}-${from}`;

/** Has this id the form of an entry's? */
export const isEntryId = (id: string): boolean => /^\d+-.+-\d+$/s.test(id);

/**
 * Decodes what stands at a position of the log, or says in words why it is not an entry. Every process must come to the same answer at every
 * position, whatever its version: so the rule looks at nothing but the id and the bytes, and must not be changed. A new kind of write is the one
 * exception: in an entry that is otherwise one, it throws `incompatible`, because processes that know the kind do apply it.
 */
export function decodeEntry(id: string, bytes: Uint8Array, position: number): LoggedEntry | string {
  let decoded: unknown;
  try {
    decoded = JSON.parse(decoder.decode(bytes));
  } catch (thrown) {
    return bytes.length === 0 ? 'it is empty' : `it is not JSON (${errorMessage(thrown)})`;
  }
  // Parsed JSON is JSON.
  const fault = frameFault(decoded as Json, id);
  if (fault !== undefined) return fault;
  // `frameFault` has checked the frame.
  const entry = decoded as unknown as LoggedEntry;
  for (const [write, args] of entry.writes) {
    if (!isKnown(write))
      throw new TroupeError(
        'incompatible',
        `The shared journal has ${JSON.stringify(write)} in its entry ${position}, which this troupe does not know: a newer one writes to it. Update this one.`,
      );
    const wrong = argumentsFault(write, args);
    if (wrong !== undefined) return `its "${write}" ${wrong}`;
  }
  return entry;
}

const isKnown = (write: unknown): write is LoggedMethod =>
  write === 'claim' || loggedMethods.some((name) => name === write);

const isCount = (value: Json | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function frameFault(decoded: Json, id: string): string | undefined {
  if (!isJsonObject(decoded)) return 'it is no object';
  const { by, from, after, writes } = decoded;
  if (typeof by !== 'string' || by === '') return 'it does not name its writer';
  if (!isCount(from) || !isCount(after)) return 'its numbers are no counts';
  if (!Array.isArray(writes) || writes.length === 0) return 'it has no writes';
  if (!isCount(from + writes.length)) return 'its numbers are no counts';
  if (id !== entryId({ by, from, after })) return 'another program put it there: its id is not that of its writer';
  const isWrite = (write: Json) =>
    Array.isArray(write) && write.length === 2 && typeof write[0] === 'string' && Array.isArray(write[1]);
  return writes.every(isWrite) ? undefined : 'one of its writes is none';
}
