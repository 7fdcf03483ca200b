/** The record of a commit: all that it says beside its place in the chain, as one JSON text. Earlier versions had columns for it, which are one text as well. */
import type { ActorStatus } from '../../contracts/inspection.ts';
import type { Json } from '../../values/json.ts';
import { commitHash, recordHash } from '../chain.ts';
import type { Pending } from '../journal.ts';
import { embedded } from './blobs.ts';
import { parseOpens, parseStrings } from './rows.ts';

/** What a commit began. */
export interface Opened {
  readonly key: string;
  readonly kind: Pending['kind'];
  readonly due: number | null;
  /** The digest of what stands in the table `pending`: a long message, every message of an earlier version, and everything of one before that. */
  readonly digest?: string;
  /** What is to be done, as it is embedded. */
  readonly data?: Json;
}

/** The result of an effect; the values as they are embedded. */
export type RecordedResult = readonly [key: string, name: string, input: Json, outcome: Json];

/** What a commit says. Values are as they are embedded (blobs.ts). */
export interface CommitRecord {
  readonly at: number;
  readonly epoch: number;
  readonly state: string;
  readonly status: ActorStatus;
  readonly event: Json;
  readonly opens: readonly Opened[];
  readonly closes: readonly string[];
  /** The digest of the actor's row. */
  readonly row: string;
  readonly results: readonly RecordedResult[];
  readonly appends: readonly (readonly [list: string, entry: Json])[];
  /** The lists of the entries that stand in the table `entries`: dead letters, and all of an earlier version. */
  readonly listed: readonly string[];
  /** The snapshot of the actor, where its row does not have it. */
  readonly snapshot?: Json;
}

/** The parts of a record as `recordText` joins them; each value is a JSON text. */
export interface RecordTexts extends Pick<CommitRecord, 'at' | 'epoch' | 'state' | 'status' | 'closes' | 'row'> {
  readonly event: string;
  readonly opens: readonly string[];
  readonly results: readonly string[];
  readonly appends: readonly string[];
  /** Digests of list entries that stand in `entries`, each after the list's name. */
  readonly listed: readonly string[];
  readonly snapshot?: string;
}

/** The text of a record. */
export const recordText = (parts: RecordTexts): string =>
  `[${parts.at},${parts.epoch},${JSON.stringify(parts.state)},"${parts.status}",${parts.event},[${parts.opens.join(',')}],` +
  `${JSON.stringify(parts.closes)},"${parts.row}",[${parts.results.join(',')}],[${parts.appends.join(',')}],${JSON.stringify(parts.listed)}${parts.snapshot === undefined ? '' : `,${parts.snapshot}`}]`;

/** The record that a text says, when the text has this hash; undefined when it has not. The hash vouches for the shape: only `recordText` and earlier versions wrote what has it. */
export function recordOf(text: string, seq: number, before: string, hash: string): CommitRecord | undefined {
  const isWritten = recordHash(before, seq, text) === hash;
  const parts: unknown = parsed(text);
  if (!Array.isArray(parts)) return undefined;
  if (!isWritten) return earlierRecord(parts, seq, before, hash);
  const [at, epoch, state, status, event, opens, closes, row, results, appends, listed, snapshot] =
    parts as unknown as WrittenParts;
  return {
    at,
    epoch,
    state,
    status,
    event,
    opens: opens.map(([key, kind, due, data]) =>
      kind === 'message' && typeof data === 'string' ? { key, kind, due, digest: data } : { key, kind, due, data },
    ),
    closes,
    row,
    results,
    appends,
    listed: listed.map(listOf),
    ...(snapshot === undefined ? {} : { snapshot }),
  };
}

type WrittenParts = readonly [
  at: number,
  epoch: number,
  state: string,
  status: ActorStatus,
  event: Json,
  opens: readonly (readonly [key: string, kind: Pending['kind'], due: number | null, data: Json])[],
  closes: readonly string[],
  row: string,
  results: readonly RecordedResult[],
  appends: readonly (readonly [string, Json])[],
  listed: readonly string[],
  snapshot?: Json,
];

/** A record of a version before the fifth: the columns of its row. */
function earlierRecord(parts: readonly unknown[], seq: number, before: string, hash: string): CommitRecord | undefined {
  const [at, epoch, state, status, event, opens, closes, sums] = parts.map(String);
  if (parts.length !== 8 || sums === undefined || event === undefined || opens === undefined || closes === undefined)
    return undefined;
  const link = {
    seq,
    at: Number(at),
    epoch: Number(epoch),
    state: String(state),
    status: String(status),
    event,
    opens,
    closes,
    sums,
  };
  if (commitHash(before, link) !== hash) return undefined;
  const [row = '', ...entries] = sums.split(' ');
  return {
    at: link.at,
    epoch: link.epoch,
    state: link.state,
    // The hash vouches for it.
    status: link.status as ActorStatus,
    event: embedded(event),
    opens: parseOpens(opens).map(([key, kind, due, digest]) => ({ key, kind, due, digest })),
    closes: parseStrings(closes),
    row,
    results: [],
    appends: [],
    listed: entries.map(listOf),
  };
}

const listOf = (digest: string): string => decodeURIComponent(digest.slice(0, digest.indexOf(':')));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
