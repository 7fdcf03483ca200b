/** `npm run build`: writes dist/. The code is joined by rolldown (rolldown.config.ts); the types are written by tsc, and kept where a door of the package leads to them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeTypes } from './buildTypes.ts';

const root = import.meta.dirname;
const dist = join(root, 'dist');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, { readonly types: string } | string>>;
};

rmSync(dist, { recursive: true, force: true });
// On stdout rolldown lists every file; what is wrong goes to stderr.
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/rolldown/bin/cli.mjs'), '-c'], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (status !== 0) process.exit(status ?? 1);
writeTypes(
  join(root, 'tsconfig.build.json'),
  dist,
  Object.values(exports).flatMap((door) => (typeof door === 'string' ? [] : [join(root, door.types)])),
);
