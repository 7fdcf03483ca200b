/** The temporary folder of a run of the suite: whatever its tests and their processes leave behind is removed with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const prefix = 'troupe-tests-';

/** Vitest calls this before the tests of each project, and what it returns after them: the first makes the folder. Workers and their child processes inherit the variable. */
export default function temporary(): (() => void) | undefined {
  if (basename(tmpdir()).startsWith(prefix)) return;
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
