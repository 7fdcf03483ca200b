/** A setup file for Vitest, `setupFiles: ['troupe/testing/cover']`: records coverage, and writes it when the tests of a file have ended. */
import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { afterAll, expect } from 'vitest';
import { systemClock } from '../../engine/clock.ts';
import { coverFolder, writeCover } from './files.ts';
import { coverage } from './recorder.ts';

const seen = coverage();

afterAll(() => {
  seen[Symbol.dispose]();
  const machines = seen.records();
  // A worker of Vitest is a thread of the runner's process, or a child process of it.
  const run = String(isMainThread ? process.ppid : process.pid);
  const folder = resolve(process.env['TROUPE_COVER'] ?? coverFolder);
  if (machines.length > 0)
    writeCover(folder, expect.getState().testPath ?? run, { run, at: systemClock().now(), machines });
});
