/** Compresses what segments hold. What is small is done at once: handing it to another thread costs more, and simulated time must not depend on when a thread is ready. */
import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** The most bytes that are compressed or expanded at once; that takes about a millisecond. */
const maxAtOnce = 64_000;

/** The compressed text. */
export const compress = async (text: string): Promise<Uint8Array> =>
  text.length <= maxAtOnce ? deflateRawSync(text) : deflate(text);

/** The bytes that were compressed. Rejects when they are damaged. */
export const expand = async (bytes: Uint8Array): Promise<Uint8Array> =>
  bytes.length <= maxAtOnce / 8 ? inflateRawSync(bytes) : inflate(bytes);
