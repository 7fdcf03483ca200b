/** `npm run build`: writes dist/. The code is joined by rolldown (rolldown.config.ts); the types are written by tsc, and kept where a door of the package leads to them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = import.meta.dirname;
const dist = join(root, 'dist');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, { readonly types: string } | string>>;
};

rmSync(dist, { recursive: true, force: true });
// On stdout rolldown lists every file; what is wrong goes to stderr.
run('rolldown/bin/cli.mjs', ['-c'], 'ignore');
run('typescript/bin/tsc', ['-p', 'tsconfig.build.json'], 'inherit');
const kept = declarations(Object.values(exports).flatMap((door) => (typeof door === 'string' ? [] : [door.types])));
for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' }))
  if (file.endsWith('.d.ts') && !kept.has(join(dist, file))) rmSync(join(dist, file));
removeEmpty(dist);

function run(program: string, args: readonly string[], stdout: 'ignore' | 'inherit'): void {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', program), ...args], {
    cwd: root,
    stdio: ['ignore', stdout, 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** These declarations, and all that they import. */
function declarations(doors: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const open = doors.map((door) => join(root, door));
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/\b(?:from|import\() ?'(\.[^']*)'/g))
      open.push(resolve(dirname(file), path.replace(/\.[jt]s$/, '.d.ts')));
  }
  return found;
}

function removeEmpty(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmpty(join(folder, entry.name));
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
