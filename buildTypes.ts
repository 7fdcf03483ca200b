/** Writes the declarations of the package: those that its doors lead to. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const compiler = resolve(import.meta.dirname, 'node_modules/typescript/bin/tsc');

/**
 * Compiles the project (a tsconfig.json) to `folder`, and keeps the declarations that the doors, paths of declarations, lead to.
 * Throws when it does not compile, and when a declaration imports a file that is not there.
 */
export function writeTypes(project: string, folder: string, doors: readonly string[]): void {
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project, '--outDir', folder], {
    encoding: 'utf8',
    maxBuffer: Infinity,
  });
  if (status !== 0) throw new Error(`The types could not be written:\n${stdout}`);
  const kept = declarations(doors);
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.d.ts') && !kept.has(join(folder, file))) rmSync(join(folder, file));
  removeEmpty(folder);
}

/** These declarations, and all that they import. The compiler writes the imports of a type that it infers with quotes of its own. */
function declarations(doors: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...doors];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    // An example in a comment may import what is not there.
    const code = readFileSync(file, 'utf8').replaceAll(/\/\*\*[^]*?\*\//g, '');
    for (const [, path = ''] of code.matchAll(/\b(?:from |import\()["'](\.[^"']*)["']/g))
      open.push(resolve(dirname(file), path.replace(/\.[jt]s$/, '.d.ts')));
  }
  return found;
}

function removeEmpty(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmpty(join(folder, entry.name));
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
