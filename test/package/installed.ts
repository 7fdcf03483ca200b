/** An empty project with the built package in it, and beside it only what `npm install troupe` brings. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { limits } from '../limits.ts';

const root = resolve(import.meta.dirname, '../..');

/** What a process has written, and which files it has loaded. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Of our package `troupe:dist/src/index.js`, of another its name alone; in the order of loading, without Node's own modules. */
  readonly loaded: readonly string[];
}

/** The project. Its folder is outside of ours, so that none of our packages is found from it. */
export interface InstalledPackage extends Disposable {
  /** Where the package is. */
  readonly folder: string;
  /** Runs Node in the project; `env` is all of the environment but PATH. */
  node(args: readonly string[], env?: Readonly<Record<string, string>>): Ended;
  /** Runs the command of the package. */
  troupe(args: readonly string[], env?: Readonly<Record<string, string>>, flags?: readonly string[]): Ended;
  /** Writes a file of the project. */
  write(file: string, text: string): void;
}

/** Writes down every file that is loaded. */
const hook = `import { appendFileSync } from 'node:fs';
let list;
export const initialize = (file) => { list = file; };
export const load = (url, context, next) => { if (!url.startsWith('node:')) appendFileSync(list, url + '\\n'); return next(url, context); };
`;

/** Builds the package as `npm run build` does, without its types, into an empty project. */
export function installed(): InstalledPackage {
  const project = mkdtempSync(join(tmpdir(), 'troupe-installed-'));
  const folder = join(project, 'node_modules/troupe');
  const list = join(project, 'loaded.txt');
  mkdirSync(folder, { recursive: true });
  const built = spawnSync(
    process.execPath,
    [join(root, 'node_modules/rolldown/bin/cli.mjs'), '-c', '-d', join(folder, 'dist')],
    { cwd: root, encoding: 'utf8', timeout: limits.test },
  );
  if (built.status !== 0) throw new Error(`The package could not be built:\n${built.stderr}`);
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  const { dependencies, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    bin: { troupe: string };
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  const write = (file: string, text: string) => writeFileSync(join(project, file), text);
  write('package.json', '{ "type": "module" }');
  write('hook.mjs', hook);
  write(
    'register.mjs',
    `import { register } from 'node:module'; register('./hook.mjs', import.meta.url, { data: ${JSON.stringify(list)} });`,
  );

  const node = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended => {
    writeFileSync(list, '');
    const ended = spawnSync(process.execPath, ['--import', './register.mjs', ...args], {
      cwd: project,
      encoding: 'utf8',
      timeout: limits.step,
      env: { PATH: process.env['PATH'], HOME: project, NO_COLOR: '1', ...env },
    });
    const loaded = readFileSync(list, 'utf8').split('\n').flatMap(shortened);
    return { code: ended.status, out: ended.stdout, err: ended.stderr, loaded: [...new Set(loaded)] };
  };
  return {
    folder,
    node,
    write,
    troupe: (args, env, flags = []) => node([...flags, join('node_modules/troupe', bin.troupe), ...args], env),
    [Symbol.dispose]: () => rmSync(project, { recursive: true, force: true }),
  };
}

function shortened(url: string): string[] {
  const [, path] = /.*\/node_modules\/(.*)$/.exec(url) ?? [];
  if (path === undefined) return [];
  const [, name = '', file] = /^((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(path) ?? [];
  return name === 'troupe' ? [`troupe:${file}`] : [name];
}
