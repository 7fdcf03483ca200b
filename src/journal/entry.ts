/** What a process writes to the log: some writes of its own, numbered, in the words of the journal's interface. */
import type { Json } from '../contracts/json.ts';

/** What changes a journal. */
export const writeNames = [
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
export type WriteName = (typeof writeNames)[number] | 'claim';

export interface Entry {
  readonly by: string;
  /** Number of the first of its writes, among those of its writer. */
  readonly from: number;
  /** How far its writer had played when it was written. */
  readonly after: number;
  readonly writes: readonly (readonly [WriteName, readonly Json[]])[];
}

const bytes = new TextEncoder();
const words = new TextDecoder();

export const textOf = (write: WriteName, args: readonly unknown[]): string => JSON.stringify([write, args]);

/** `writes` as `textOf` gives them. */
export const packed = ({ by, from, after }: Omit<Entry, 'writes'>, writes: readonly string[]): Uint8Array =>
  bytes.encode(`{"by":${JSON.stringify(by)},"from":${from},"after":${after},"writes":[${writes.join(',')}]}`);

/** Undefined for what no troupe has written. */
export function unpacked(entry: Uint8Array): Entry | undefined {
  try {
    const found = JSON.parse(words.decode(entry)) as Partial<Entry> | null;
    const { by, from, after, writes } = found ?? {};
    const isEntry =
      typeof by === 'string' && Number.isSafeInteger(from) && Number.isSafeInteger(after) && Array.isArray(writes);
    return isEntry ? (found as Entry) : undefined;
  } catch {
    return undefined;
  }
}
