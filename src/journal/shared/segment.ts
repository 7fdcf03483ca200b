/**
 * A segment of a run: a message on the run's subject with writes of the run, in order, and the owner from then on. All segments together, and what the owner's
 * log has after the last one, are the run. The first segment is the birth of the run: it is appended where nothing is, so a run is born once.
 */
import { createHash } from 'node:crypto';
import type { ActorStatus } from '../../contracts/inspection.ts';
import type { RunAtRest } from '../journal.ts';
import type { LogHead, NewMessage, StoredMessage } from './store.ts';
import { compress, expand } from './compression.ts';
import { damaged, parsed, requireKnown, type LoggedWrite } from './entry.ts';

/** What a list of runs needs to know of a run without reading it. */
export interface RunSummary {
  /** The root actor; undefined before its first commit. */
  readonly root?: {
    readonly actor: string;
    readonly status: ActorStatus;
    readonly state: string;
    readonly tags: readonly string[];
  };
  /** `type:status` of its actors, each once. */
  readonly kinds: readonly string[];
  /** Time of the last commit of any of its actors, in milliseconds since the epoch; 0 without one. */
  readonly updated: number;
  /** It waits, as far as its writer knew. Absent also in segments of earlier versions, and of a run whose facts are long. */
  readonly rest?: Omit<RunAtRest, 'root'>;
}

/** What the headers of a segment say. */
export interface SegmentHead {
  /** The incarnation of the process that has the run; undefined: nobody has it. */
  readonly owner: string | undefined;
  /** The incarnation that gave it back; undefined while somebody has it. */
  readonly former: string | undefined;
  /** The number of the claim. */
  readonly epoch: number;
  /** The sequence in the owner's log up to which the writes of the run are in segments. */
  readonly upTo: number;
  /** Digest of this segment and of the chain before it. */
  readonly chain: string;
  readonly summary: RunSummary;
}

/** A segment that is to be appended. */
export interface NewSegment extends Omit<SegmentHead, 'chain'> {
  /** The chain of the segment before; empty for the first. */
  readonly before: string;
  /** Writes as JSON texts. */
  readonly texts: readonly string[];
}

const ownerHeader = 'Troupe-Owner';
const formerHeader = 'Troupe-Former';
const epochHeader = 'Troupe-Epoch';
const upToHeader = 'Troupe-Up-To';
const chainHeader = 'Troupe-Chain';
const summaryHeader = 'Troupe-Summary';
const nobody = new Uint8Array();

/** The message of a segment, and its chain. */
export interface EncodedSegment extends NewMessage {
  readonly chain: string;
}

/** Makes the message of a segment. */
export async function encodeSegment(segment: NewSegment): Promise<EncodedSegment> {
  const { owner, former, epoch, upTo, before, summary, texts } = segment;
  const body = texts.length === 0 ? nobody : await compress(`[${texts.join(',')}]`);
  const about = asciiJson(summary);
  const chain = chainOf(before, { owner, former, epoch, upTo }, about, body);
  return {
    chain,
    headers: {
      ...(owner === undefined ? {} : { [ownerHeader]: owner }),
      ...(former === undefined ? {} : { [formerHeader]: former }),
      [epochHeader]: String(epoch),
      [upToHeader]: String(upTo),
      [chainHeader]: chain,
      [summaryHeader]: about,
    },
    body,
  };
}

/** The head of a segment; undefined for a message of another program. */
export function segmentHead({ headers }: Pick<StoredMessage, 'headers'>): SegmentHead | undefined {
  const [epoch, upTo, chain, about] = [epochHeader, upToHeader, chainHeader, summaryHeader].map(
    (name) => headers[name],
  );
  if (epoch === undefined || upTo === undefined || chain === undefined || about === undefined) return undefined;
  return {
    owner: headers[ownerHeader],
    former: headers[formerHeader],
    epoch: Number(epoch),
    upTo: Number(upTo),
    chain,
    // `encodeSegment` wrote it; the chain covers it.
    summary: JSON.parse(about) as RunSummary,
  };
}

/** A run in the index: the head of its last segment. */
export interface IndexedRun {
  readonly run: string;
  /** The sequence of that segment. */
  readonly sequence: number;
  readonly head: SegmentHead;
}

/** What the last message of a run says of it; undefined for one of another program. */
export function indexed(message: LogHead): IndexedRun | undefined {
  const head = segmentHead(message);
  return head && { run: message.name, sequence: message.sequence, head };
}

/** The writes of a segment. Throws `corrupt` when it is not the one that followed the chain `before`. */
export async function decodeSegment(
  run: string,
  message: StoredMessage,
  before: string,
): Promise<readonly LoggedWrite[]> {
  const where = `segment ${message.sequence} of the run ${run}`;
  const head = segmentHead(message);
  const about = message.headers[summaryHeader] ?? '';
  if (!head || chainOf(before, head, about, message.body) !== head.chain)
    throw damaged(where, 'its digest does not fit, so it was changed or one before it is missing');
  if (message.body.length === 0) return [];
  const body = await expand(message.body).catch((thrown: Error) => {
    throw damaged(where, thrown.message);
  });
  // The chain covers the body, which `encodeSegment` made.
  const writes = parsed(where, body) as readonly LoggedWrite[];
  for (const [method] of writes) requireKnown(where, method);
  return writes;
}

function chainOf(
  before: string,
  { owner = '', former = '', epoch, upTo }: Omit<SegmentHead, 'chain' | 'summary'>,
  about: string,
  body: Uint8Array,
): string {
  const hash = createHash('sha256').update(JSON.stringify([before, owner, former, epoch, upTo, about]));
  return hash.update(body).digest('base64url').slice(0, 22);
}

/** JSON in printable ASCII, as a header can hold it. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[^\x20-\x7e]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
