/** The types as a user's compiler meets them: where the package is installed, and what it makes of a user's own definitions. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { writeTypes } from '../../buildTypes.ts';
import { limits } from '../limits.ts';
import { entries } from './declarations.ts';

const root = resolve(import.meta.dirname, '../..');
const projects: string[] = [];
afterEach(() => {
  for (const project of projects.splice(0)) rmSync(project, { recursive: true, force: true });
});

/** An empty project, with our packages beside it. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-types-'));
  projects.push(folder);
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['zod', 'xstate', '@types', '@ai-sdk'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

/** What the compiler says about the files of a folder. */
function compile(folder: string, options: object, files: readonly string[]): string {
  const { lib } = (
    JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { compilerOptions: { lib: string[] } }
  ).compilerOptions;
  const compilerOptions = { module: 'nodenext', target: 'es2023', lib, types: ['node'], strict: true, ...options };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder],
    {
      cwd: folder,
      encoding: 'utf8',
      timeout: limits.test,
    },
  );
  return stdout + stderr;
}

test('a machine of the package has its own types, also where they are inferred', () => {
  const folder = project();
  const types = join(folder, 'types');
  const settings = join(folder, 'build.json');
  // The comments of the second one have an example that imports a file.
  const parts = ['machines/agent/agent', 'src/values/lazyModule'];
  writeFileSync(
    settings,
    JSON.stringify({
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: { rootDir: root, noCheck: true, typeRoots: [join(root, 'node_modules/@types')] },
      include: [],
      files: parts.map((part) => join(root, `${part}.ts`)),
    }),
  );
  writeTypes(
    settings,
    types,
    parts.map((part) => join(types, `${part}.d.ts`)),
  );
  writeFileSync(
    join(folder, 'use.ts'),
    `import { agentMachine } from './types/machines/agent/agent.js';
// @ts-expect-error its context is no number, as a type that was not found would be
export const context: number = agentMachine.getInitialSnapshot({} as never).context;`,
  );
  const said = compile(folder, { noEmit: true, skipLibCheck: false }, ['use.ts']);
  expect(said.split('\n').filter((line) => /^(types|use)/.test(line))).toEqual([]);
  expect(readdirSync(types)).toContain('machines');
});

/** A library that exports one result of every function of the package, without saying its type. */
async function library(): Promise<string> {
  const lines = ['declare const none: never;'];
  for (const [entry, source] of Object.entries(entries())) {
    if (/vitest|suites|cover|machines/.test(entry)) continue; // set-up of Vitest, and machines, whose types only XState can write
    const door = `door${lines.length}`;
    lines.push(`import * as ${door} from 'troupe${entry.slice(1)}';`);
    const values = (await import(join(root, source))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(values))
      for (const [path, made] of [[name, value], ...methodsOf(name, value)] as const)
        if (typeof made === 'function' && !/^[A-Z]/.test(name))
          lines.push(`export const given${lines.length} = ${door}.${path}(none, none);`);
  }
  return lines.join('\n');
}

/** The functions of an object such as `routers`, by their paths. A machine has methods of XState, which are not ours. */
const methodsOf = (name: string, value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
    ? Object.entries(value).map(([key, made]) => [`${name}.${key}`, made])
    : [];

test('what a library makes with the package has types that its declarations can name', async () => {
  const folder = project();
  const installed = join(folder, 'node_modules/troupe');
  mkdirSync(installed);
  for (const part of ['src', 'machines', 'actors', 'package.json'])
    cpSync(join(root, part), join(installed, part), { recursive: true });
  const text = await library();
  expect(text.split('\n').length).toBeGreaterThan(100);
  writeFileSync(join(folder, 'library.ts'), text);
  const options = { declaration: true, emitDeclarationOnly: true, noCheck: true, customConditions: ['troupe-source'] };
  expect(compile(folder, { ...options, outDir: 'out' }, ['library.ts'])).toBe('');
});
