/** Compiles what tests start in other processes to JavaScript, once for a run of the suite. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The folder of the project, from this file and from its compiled form. */
export const root = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '../../..');
const folder = join(root, '.troupe/built');

/** The compiled form of a source file; test/tsconfig.json says which have one. It imports the compiled `troupe`. */
export const built = (source: string): string =>
  join(folder, relative(root, resolve(root, source)).replace(/\.ts$/, '.js'));

/** Vitest calls this once, before the tests. Unchanged files are not written again. `npm run check` checks the types. */
export default function compile(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', join(root, 'test/tsconfig.json')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The processes of the tests could not be compiled:\n${stdout}${stderr}`);
  // Imports of `troupe` in the compiled files lead to the compiled package.
  const itself = readFileSync(join(root, 'package.json'), 'utf8').replaceAll('./dist/', './');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'package.json');
  // Another run of the suite in this folder may be reading it.
  if (!existsSync(path) || readFileSync(path, 'utf8') !== itself) writeFileSync(path, itself);
}
