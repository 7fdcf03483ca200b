/** The code of a version: files under the hash of what they hold, so that they cannot change unseen. */
import { createHash } from 'node:crypto';

/** One file of a bundle. */
export interface BundleFile {
  /** Relative to the folder of the bundle, with `/` between folders. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A definition with everything of its own that it needs. */
export interface PinnedCode {
  readonly files: readonly BundleFile[];
  /** The path of the file to load. */
  readonly entry: string;
  /** What is not kept although the code may need it, a sentence each. */
  readonly warnings: readonly string[];
}

/** SHA-256 over the names and contents of the files, whatever their order. */
export function bundleHash(files: readonly BundleFile[]): string {
  const lines = files.map(({ path, bytes }) => `${createHash('sha256').update(bytes).digest('hex')} ${path}\n`);
  return createHash('sha256').update(lines.sort().join('')).digest('hex');
}
