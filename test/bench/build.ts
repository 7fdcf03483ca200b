/** Compiles what is measured: this checkout with the benchmark, and another checkout to compare with. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Build {
  /** The folder of its compiled modules. */
  readonly modules: string;
  /** The packaged front door. */
  readonly shipped: string;
}

export const root = resolve(import.meta.dirname, '../..');
const folderOf = (name: string) => join(root, '.troupe/bench', name);

/** This checkout and the benchmark. */
export const thisBuild = (): Build => compile('this', root, join(import.meta.dirname, 'tsconfig.json'));
/** The compiled benchmark of this checkout. */
export const driver = join(folderOf('this'), 'test/bench');

/** The sources of another checkout. They are compiled here, so that both builds have the same dependencies. */
export const buildOf = (checkout: string): Build =>
  compile('before', resolve(checkout), join(resolve(checkout), 'tsconfig.build.json'));

function compile(name: string, checkout: string, config: string): Build {
  const modules = folderOf(name);
  rmSync(modules, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      config,
      '--outDir',
      modules,
      '--noCheck',
      '--emitDeclarationOnly',
      'false',
      '--declaration',
      'false',
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${checkout} could not be compiled:\n${stdout}${stderr}`);
  const text = readFileSync(join(checkout, 'package.json'), 'utf8');
  writeFileSync(join(modules, 'package.json'), text.replaceAll('./dist/', './'));
  // The type is that of our own package.json.
  const { exports } = JSON.parse(text) as { exports: { '.': { default: string } } };
  const shipped = join(checkout, exports['.'].default);
  if (!existsSync(shipped)) throw new Error(`${checkout} is not built: run "npm run build" in it.`);
  return { modules, shipped };
}
