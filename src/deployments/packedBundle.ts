/** A bundle as one object: the length of a list of its files in 4 bytes, the list as JSON, and the contents one after another; compressed. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import * as z from 'zod';
import { TroupeError } from '../values/failure.ts';
import type { BundleFile } from './bundle.ts';

/** Paths stay below the folder that they are written to. */
const path = z
  .string()
  .refine((text) => !/^\/|\\|\0/.test(text) && text.split('/').every((part) => !['', '.', '..'].includes(part)));
const Listing = z.array(z.object({ path, size: z.int().min(0) }));

/** The most bytes that are unpacked: twice of what may be deployed. */
const largest = 64 * 1024 * 1024;

/** Packs the files. */
export async function packBundle(files: readonly BundleFile[]): Promise<Uint8Array> {
  const listing = Buffer.from(JSON.stringify(files.map((file) => ({ path: file.path, size: file.bytes.length }))));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(listing.length);
  return promisify(gzip)(Buffer.concat([length, listing, ...files.map(({ bytes }) => bytes)]));
}

/** Unpacks them. Rejects with `corrupt` for what was not packed by `packBundle`. */
export async function unpackBundle(packed: Uint8Array): Promise<BundleFile[]> {
  try {
    const all = await promisify(gunzip)(packed, { maxOutputLength: largest });
    let at = 4 + all.readUInt32BE(0);
    const listing = Listing.parse(JSON.parse(all.subarray(4, at).toString('utf8')));
    return listing.map((file) => ({ path: file.path, bytes: all.subarray(at, (at += file.size)) }));
  } catch (cause) {
    throw new TroupeError('corrupt', 'The code of a version is no bundle of files. Deploy the file again.', { cause });
  }
}
