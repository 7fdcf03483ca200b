/**
 * How the texts of records are stored: compressed unless they are short, with the texts of the two commits before as the dictionary, because the commits of an actor
 * take turns and say nearly the same. Every sixteenth stands alone, so any commit can be read from at most sixteen rows. The hash covers the text and not the bytes.
 */
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';

/** The first byte of the stored bytes. A record that is plain, as short ones and those of earlier versions are, begins with a bracket. */
const alone = 1;
const difference = 2;
const plain = '['.charCodeAt(0);
const [aloneMark, differenceMark] = [Buffer.of(alone), Buffer.of(difference)];

/** So many commits after one that stands alone, the next one does. */
const distance = 16;

/** The last commit up to this one that stands alone. */
export const aloneBefore = (seq: number): number => seq - ((seq - 1) % distance);

/** How many bytes at the end of a text serve in a dictionary. */
const longest = 8 * 1024;
/** Up to these sizes a text is not compressed: it would save a few hundred bytes, and take longer than to store them. A difference is the smaller part of its text. */
const short = { alone: 768, difference: 400 };
/** From this size on speed counts for more. */
const large = 8 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The ends of the texts that the next commit is a difference to: of the last one, and of the one before it when that is no further away than one that stands alone. */
export type Dictionary = readonly Buffer[];

/** The dictionary after this commit, whose text is given in UTF-8. */
export function dictionaryAfter(before: Dictionary, seq: number, bytes: Buffer): Dictionary {
  // Of a large text only the end is kept.
  const end = bytes.length > longest ? Buffer.from(bytes.subarray(-longest)) : bytes;
  const last = aloneBefore(seq) === seq ? undefined : before.at(-1);
  return last ? [last, end] : [end];
}

/** The bytes to store for a text in UTF-8. With an empty dictionary it stands alone. */
export function packed(bytes: Buffer, dictionary: Dictionary): Uint8Array {
  if (bytes.length <= (dictionary.length === 0 ? short.alone : short.difference)) return bytes;
  const before = dictionary.length > 0 ? Buffer.concat(dictionary) : undefined;
  const options = deflateOptions(bytes.length, before?.length ?? 0);
  return Buffer.concat([
    before ? differenceMark : aloneMark,
    deflateRawSync(bytes, before ? { ...options, dictionary: before } : options),
  ]);
}

/** zlib clears its tables for every text, and by default they are a quarter of a megabyte: so a short text gets small ones, which still reach back to its beginning. */
function deflateOptions(length: number, before: number): ZlibOptions {
  // zlib looks ahead by 262 bytes, which its window must have room for.
  const windowBits = Math.min(15, Math.max(9, Math.ceil(Math.log2(length + before + 262))));
  return {
    level: length > large ? constants.Z_BEST_SPEED : constants.Z_DEFAULT_COMPRESSION,
    windowBits,
    memLevel: Math.min(8, windowBits - 7),
    chunkSize: Math.min(16 * 1024, Math.max(64, length)),
  };
}

/** The text that was stored; undefined when the bytes do not give one. */
export function unpacked(bytes: Uint8Array, dictionary: Dictionary): string | undefined {
  const [kind] = bytes;
  try {
    if (kind === plain) return utf8.decode(bytes);
    if (kind === alone) return utf8.decode(inflateRawSync(bytes.subarray(1)));
    if (kind !== difference || dictionary.length === 0) return undefined;
    return utf8.decode(inflateRawSync(bytes.subarray(1), { dictionary: Buffer.concat(dictionary) }));
  } catch {
    return undefined;
  }
}
