/** Runs around every test file and tells the reporter what the file cost: processor seconds of its worker and of the child processes that have ended. */
import { readFileSync } from 'node:fs';
import { afterAll } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Processor seconds of a whole file, its imports included. */
    cost?: number;
  }
}

const began = spent();

// Vitest wants the fixtures first, by name: there are none.
// oxlint-disable-next-line no-empty-pattern
afterAll(({}, { file }) => {
  file.meta.cost = spent() - began;
});

/** Processor seconds of this process so far, and on Linux of the children that it has waited for. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + ofChildren();
}

function ofChildren(): number {
  if (process.platform !== 'linux') return 0;
  // The name of the process, in parentheses, may hold spaces; after it, the fields 16 and 17 are user and system time in hundredths.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
