/** An ext4 file system in a file: the content of that file at one moment is what a disk would hold after a power cut at that moment. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Disk extends Disposable {
  /** The path where it is mounted. */
  readonly path: string;
  /** Copies what the disk holds at this very moment, and mounts the copy as a machine would after a power cut. */
  cut(): Disk;
}

/** Without fsync nothing reaches the disk for five minutes: the loss is certain, not by chance. */
const options = 'loop,commit=300';

export function disk(megabytes = 64): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-disk-'));
  const image = join(folder, 'disk.img');
  execFileSync('truncate', ['-s', `${megabytes}M`, image]);
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  return mounted(folder, image);
}

function mounted(folder: string, image: string): Disk {
  const path = join(folder, 'mnt');
  mkdirSync(path);
  execFileSync('mount', ['-o', options, image, path]);
  // The empty file system itself must be on the disk, or there would be nothing to mount.
  execFileSync('sync', ['-f', path]);
  return {
    path,
    cut() {
      const other = mkdtempSync(join(tmpdir(), 'troupe-disk-'));
      copyFileSync(image, join(other, 'disk.img'));
      return mounted(other, join(other, 'disk.img'));
    },
    [Symbol.dispose]() {
      execFileSync('umount', [path]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Why such a disk cannot be made on this machine; undefined when it can. */
export function whyNoDisk(): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting a file system needs root.';
  if (spawnSync('mkfs.ext4', ['-V']).error) return 'mkfs.ext4 is not installed.';
  try {
    disk(8)[Symbol.dispose]();
    return undefined;
  } catch (thrown) {
    return `a file cannot be mounted here (${(thrown as Error).message.trim()}).`;
  }
}
