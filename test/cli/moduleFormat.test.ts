/** Which module formats a definition may have, in a package whose package.json does not name one. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readsTypeScript } from '../../src/cli/load.ts';
import { hasModuleSyntax } from '../../src/cli/moduleFormat.ts';
import { built } from '../built.ts';
import { workspace } from './troupe.ts';

const esModule = `import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { greeting } from './greeting.ts';
export default agent({ name: 'hello', instructions: 'Greet.', model: scriptedModel([{ text: greeting }]), tools: [] });
`;
const javaScript = esModule.replace('./greeting.ts', './greeting.js');
const commonJs = `const { agent } = require('troupe');
const { scriptedModel } = require('troupe/testing');
const greeting: string = 'hello';
module.exports = agent({ name: 'hello', instructions: 'Greet.', model: scriptedModel([{ text: greeting }]), tools: [] });
`;
const broken = `const greeting: string = 'hello';
export default { greeting: greeting oops };
`;

/** A folder with `troupe` installed, and a second file in each language. */
function project(packageJson?: string) {
  const folder = workspace();
  mkdirSync(join(folder.folder, 'node_modules'));
  symlinkSync(dirname(built('package.json')), join(folder.folder, 'node_modules/troupe'));
  folder.file('greeting.ts', `export const greeting: string = 'hello';\n`);
  folder.file('greeting.js', `export const greeting = 'hello';\n`);
  if (packageJson !== undefined) folder.file('package.json', packageJson);
  return folder;
}
const run = { code: 0, out: 'hello\n' };
const oldNode = { code: 2, err: expect.stringContaining('hello.cts is CommonJS in TypeScript') as string };

test.concurrent.each([
  ['a .ts file without a package.json', 'hello.ts', esModule, undefined, run],
  ['a .ts file and a package.json without a type', 'hello.ts', esModule, '{}', run],
  ['a .js file without a package.json', 'hello.js', javaScript, undefined, run],
  ['CommonJS in TypeScript, where Node reads it', 'hello.cts', commonJs, undefined, readsTypeScript ? run : oldNode],
])('%s is loaded, or refused with the reason', async (_, name, text, packageJson, expected) => {
  using folder = project(packageJson);
  folder.file(name, text);
  expect(await folder.troupe('run', name, '--input', 'Hi.')).toMatchObject(expected);
});

test.concurrent.each([
  ['the definition', 'broken.ts'],
  ['a file that it imports', 'imports.ts'],
])('a syntax error in %s is shown with its file, line and column, without a package.json as well', async (_, name) => {
  using folder = project();
  const file = folder.file('broken.ts', broken);
  folder.file('imports.ts', `import broken from './broken.ts';\nexport default broken;\n`);
  const ended = await folder.troupe('run', name);
  expect(ended.code).toBe(2);
  expect(ended.err).toContain(`${file}:2:37: `);
});

test.concurrent('import statements in a package of CommonJS: the message names the setting to change', async () => {
  using folder = project('{ "type": "commonjs" }');
  folder.file('hello.js', javaScript);
  const ended = await folder.troupe('run', 'hello.js');
  expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('Set "type": "module"') as string });
});

test.each([
  [`import { a } from 'a';`, true],
  [`import a from 'a';`, true],
  [`import a, { b } from 'a';`, true],
  [`import * as a from 'a';`, true],
  [`import type { A } from 'a';`, true],
  [`import'a';`, true],
  [`// first\n  export default 1;`, true],
  [`export const a = 1;`, true],
  [`export { a };`, true],
  [`export * from 'a';`, true],
  [`import a = require('a');`, false],
  [`export = a;`, false],
  [`const a = await import('a');`, false],
  [`import('a');`, false],
  [`module.exports = 1; // export default`, false],
])('%j is an ES module: %s', (source, expected) => {
  expect(hasModuleSyntax(source)).toBe(expected);
});
