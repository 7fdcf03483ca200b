/** A file system that really takes no more, under a real process: nothing is lost, and the run goes on when there is room. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../../built.ts';

const program = built(join(import.meta.dirname, '../fixtures/fullDisk.ts'));
const works = (line: string) => spawnSync('sh', ['-c', line], { stdio: 'ignore' }).status === 0;

/** The shell's line that starts a program so; what makes room; what is said; and whether this machine can do it. */
const disks = {
  'a file that may not grow': {
    start: 'ulimit -S -f 1000 && exec "$@"',
    makeRoom: 'prlimit --pid PID --fsize=unlimited:',
    says: /could not be read or written by the disk.*\(disk I\/O error\)$/,
    isHere: works('ulimit -S -f 1000 && prlimit --pid $$ --fsize=unlimited:'),
  },
  'a file system that is full': {
    start: `exec unshare -Urm sh -c 'mount -t tmpfs -o size=700k tmpfs "$FOLDER" && exec "$@"' sh "$@"`,
    makeRoom: 'mount -o remount,size=50m "$FOLDER"',
    says: /has no room: the disk is full\. Free some space; nothing committed is lost/,
    isHere: works('unshare -Urm mount -t tmpfs -o size=700k tmpfs /tmp'),
  },
};

/** Runs the program on a folder, and tells what it says and which writes were made, under which keys. */
async function publish(folder: string, start: string, whenStalled: string, started = program) {
  const { out, signal } = await new Promise<{ out: string; signal: unknown }>((resolve) =>
    execFile(
      'sh',
      ['-c', start, 'sh', process.execPath, started, folder, whenStalled],
      { env: { ...process.env, FOLDER: folder } },
      (error, stdout, stderr) => resolve({ out: stdout || stderr, signal: error?.signal }),
    ),
  );
  return {
    out,
    signal,
    did: existsSync(`${folder}.did`) ? readFileSync(`${folder}.did`, 'utf8').trim().split('\n') : [],
  };
}
const temporary = () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-full-'));
  return {
    folder,
    [Symbol.dispose]() {
      for (const path of [folder, `${folder}.did`]) rmSync(path, { recursive: true, force: true });
    },
  };
};
const end = ['goes on: done "All is published."', 'asked again: done "All is published."'];
const three = [1, 2, 3].map((n) => expect.stringMatching(`^${n} `) as string);

for (const [name, { start, makeRoom, says, isHere }] of Object.entries(disks))
  test.skipIf(!isHere)(`a run whose journal is on ${name} says so once, and goes on when there is room`, async () => {
    using at = temporary();
    const { out, did } = await publish(at.folder, start, makeRoom);
    expect(JSON.parse(out)).toEqual([expect.stringMatching(says), 'continued', ...end]);
    expect(did).toEqual(three);
  });

const closing = built(join(import.meta.dirname, '../fixtures/closeWhenFull.ts'));
test.skipIf(!disks['a file system that is full'].isHere)(
  'a journal is closed without an error on a disk that has no room left, and nothing is lost',
  async () => {
    using at = temporary();
    const { start } = disks['a file system that is full'];
    const { out } = await publish(at.folder, start, '', closing);
    expect(JSON.parse(out)).toEqual(['full', 'closed', 'read 3']);
  },
);

test('a process that is killed while its journal may not grow has lost nothing', async () => {
  using at = temporary();
  const full = await publish(at.folder, 'ulimit -f 1000 && exec "$@"', 'kill -9 PID');
  expect(full).toMatchObject({ out: '', signal: 'SIGKILL' });
  const { out, did } = await publish(at.folder, 'exec "$@"', 'false');
  expect(JSON.parse(out)).toEqual(end);
  // The write whose result could not be stored is made again under its key, and so it counts once.
  expect([...new Set(did)]).toEqual(three);
});
