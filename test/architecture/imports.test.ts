/** The reader of imports is itself read: what it overlooks, the house plan could not hold. */
import { expect, test } from 'vitest';
import { cyclesIn, importsOf, packageOf } from './imports.ts';

const seen = (source: string) =>
  importsOf(source).map(
    ({ to, typeOnly, dynamic }) => `${to ?? '?'}${typeOnly ? ' (type)' : ''}${dynamic ? ' (dynamic)' : ''}`,
  );

test.each([
  [`import x from './a.ts';`, './a.ts'],
  [`import * as z from 'zod';`, 'zod'],
  [`import x, { y } from "./a.ts";`, './a.ts'],
  [`import type { A } from './a.ts';`, './a.ts (type)'],
  [`import type A from './a.ts';`, './a.ts (type)'],
  [`import type from './a.ts';`, './a.ts'],
  [`import { type A } from './a.ts';`, './a.ts'], // stays as an import of the file after compilation
  [`import {\n  one,\n  type Two,\n} from\n  './a.ts';`, './a.ts'],
  [`import './side-effect.ts';`, './side-effect.ts'],
  [`export { a } from './a.ts';`, './a.ts'],
  [`export * from './a.ts';`, './a.ts'],
  [`export {}; import 'a';`, 'a'],
  [`export * as all from './a.ts';`, './a.ts'],
  [`export type { A } from './a.ts';`, './a.ts (type)'],
  [`const { x } = await import('./a.ts');`, './a.ts (dynamic)'],
  [`const x = import(\n  'pino'\n);`, 'pino (dynamic)'],
  [`await import(name);`, '? (dynamic)'],
  ['await import(`./${name}.ts`);', '? (dynamic)'],
  [`require('libsql');`, 'libsql (dynamic)'],
  [`process.getBuiltinModule('node:sqlite');`, 'node:sqlite (dynamic)'],
])('sees %j', (source, expected) => {
  expect(seen(source)).toEqual([expected]);
});

test.each([
  `// import x from './a.ts';`,
  `/**\n * @example import x from './a.ts'\n */`,
  `/*\nimport x from './a.ts';\n*/`,
  `const x = 1; // see import('./a.ts')`,
  `export const from = 'here';`,
  `const important = from('./a.ts');`,
  `require(isName(name), 'a function of that name');`,
])('is not fooled by %j', (source) => {
  expect(seen(source)).toEqual([]);
});

test('sees each import of a file, not only the first', () => {
  const source = `import a from './a.ts';\nimport type { B } from './b.ts';\nexport { c } from './c.ts';\nconst d = () => import('./d.ts');`;
  expect(seen(source)).toEqual(['./a.ts', './b.ts (type)', './c.ts', './d.ts (dynamic)']);
});

test('knows the package of a path into it', () => {
  expect(['zod', 'xstate/graph', '@ai-sdk/openai/internal', 'node:fs/promises'].map(packageOf)).toEqual([
    'zod',
    'xstate',
    '@ai-sdk/openai',
    'node:fs',
  ]);
});

test('finds circles of any length, and none where there is none', () => {
  const graph = (edges: Record<string, string[]>) => cyclesIn(new Map(Object.entries(edges)));
  expect(graph({ a: ['b', 'c'], b: ['c'], c: [] })).toEqual([]);
  expect(graph({ a: ['b'], b: ['c'], c: ['a'] })).toEqual(['a -> b -> c -> a']);
  expect(graph({ a: ['a'], b: [] })).toEqual(['a -> a']);
});
