/**
 * Reads the write-ahead log of a database file without SQLite, which ends silently at the first frame whose checksum is wrong: what was committed after
 * that frame would be missing without a word. Only the last transaction may be incomplete, after a power cut; frames of later ones show that the log is damaged.
 */

/** What a write-ahead log holds. */
export interface WriteAheadLog {
  /** Offset of the newest committed content of each page. */
  readonly pages: ReadonlyMap<number, number>;
  /** What is wrong with it, in words; undefined when it is whole. */
  readonly damage: string | undefined;
}

const headerSize = 32;
const frameHeaderSize = 24;
/** The first four bytes; the lowest bit says that checksums are of big-endian words. */
const magic = 0x377f0682;

/** Reads a log: the bytes of the file whose name ends with `-wal`. */
export function readWal(log: Buffer): WriteAheadLog {
  const pages = new Map<number, number>();
  if (log.length <= headerSize) return { pages, damage: undefined };
  const isBigEndian = (log.readUInt32BE(0) & 1) === 1;
  const pageSize = log.readUInt32BE(8);
  const sums = checksum(log, 0, 24, [0, 0], isBigEndian);
  const isHeaderWhole =
    (log.readUInt32BE(0) & ~1) >>> 0 === magic &&
    sums[0] === log.readUInt32BE(24) &&
    sums[1] === log.readUInt32BE(28) &&
    pageSize >= 512;
  if (!isHeaderWhole)
    // A log whose first transaction was never finished may have any header.
    return {
      pages,
      damage: log.length > headerSize + frameHeaderSize + 512 ? 'its header is not what was written' : undefined,
    };
  return readFrames(log, pageSize, sums, isBigEndian);
}

function readFrames(log: Buffer, pageSize: number, start: Sums, isBigEndian: boolean): WriteAheadLog {
  const pages = new Map<number, number>();
  const frameSize = frameHeaderSize + pageSize;
  let sums = start;
  let transaction: [number, number][] = [];
  let broken: number | undefined;
  let later = 0;
  for (let at = headerSize, n = 1; at + frameSize <= log.length; at += frameSize, n++) {
    const isCurrent = log.compare(log, 16, 24, at + 8, at + 16) === 0;
    const isCommit = log.readUInt32BE(at + 4) !== 0;
    if (broken === undefined && isCurrent) {
      sums = checksum(log, at, at + 8, sums, isBigEndian);
      sums = checksum(log, at + frameHeaderSize, at + frameSize, sums, isBigEndian);
    }
    if (!isCurrent || sums[0] !== log.readUInt32BE(at + 16) || sums[1] !== log.readUInt32BE(at + 20)) broken ??= n;
    if (broken !== undefined) {
      // Frames of an earlier round of the log have other salts, and mean nothing.
      if (isCurrent && isCommit) later++;
      continue;
    }
    transaction.push([log.readUInt32BE(at), at + frameHeaderSize]);
    if (!isCommit) continue;
    for (const [page, offset] of transaction) pages.set(page, offset);
    transaction = [];
  }
  const damage =
    later > 1
      ? `its frame ${broken} is not what was written, and ${later - 1} transactions after it cannot be read`
      : undefined;
  return { pages, damage };
}

type Sums = readonly [number, number];

/** SQLite's checksum of the bytes from `from` up to `to`, continued from `sums`. */
function checksum(log: Buffer, from: number, to: number, sums: Sums, isBigEndian: boolean): Sums {
  let [a, b] = sums;
  for (let at = from; at < to; at += 8) {
    a = (a + (isBigEndian ? log.readUInt32BE(at) : log.readUInt32LE(at)) + b) >>> 0;
    b = (b + (isBigEndian ? log.readUInt32BE(at + 4) : log.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}
