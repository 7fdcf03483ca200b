/** What tests start in processes of their own, as JavaScript: compiled once for a run of the suite, so that no process compiles it again. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The folder of the project, from here and from the compiled form of this file. */
export const root = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '../../..');
const folder = join(root, '.troupe/built');

/** The compiled form of a source file; test/tsconfig.json says which have one. It imports the compiled `troupe`. */
export const built = (source: string): string =>
  join(folder, relative(root, resolve(root, source)).replace(/\.ts$/, '.js'));

/** Vitest calls this once, before the tests. What has not changed is not written again. Types are left to `npm run check`. */
export default function compile(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', join(root, 'test/tsconfig.json')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The processes of the tests could not be compiled:\n${stdout}${stderr}`);
  // Imports of `troupe` in the compiled files lead to the compiled package.
  const itself = readFileSync(join(root, 'package.json'), 'utf8').replaceAll('./dist/', './');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), itself);
}
