/** Every numbered promise is in `requirements.ts`, in the same words, with tests that exist; and every number that a comment refers to is that of a promise. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { requirements } from './requirements.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');
const filesIn = (folder: string, ending: RegExp) =>
  readdirSync(resolve(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`)
    .filter((path) => ending.test(path) && !path.includes('/node_modules/'));

const sources = ['src', 'machines', 'actors'].flatMap((folder) => filesIn(folder, /\.ts$/));
const tests = filesIn('test', /\.ts$/);
const pages = [
  ...filesIn('docs', /\.md$/),
  ...readdirSync(root, { encoding: 'utf8' }).filter((path) => path.endsWith('.md')),
];

interface PromiseText {
  readonly id: string;
  readonly says: string;
  readonly where: string;
}

/** The promises in the comments of a file: a line ` * E1 text`, and the lines below that are indented further. */
function promisesIn(where: string): PromiseText[] {
  const found = read(where).matchAll(/^ \* ([A-Z]{1,2}\d{1,2}) (.+(?:\n \* {4}\S.*)*)$/gm);
  return [...found].map(([, id = '', text = '']) => ({ id, says: text.replaceAll(/\n \* {4}/g, ' '), where }));
}
const promised = sources.flatMap(promisesIn);
const ids = new Set(promised.map(({ id }) => id));

/** The numbers that a file refers to: in its comments when it is code, anywhere when it is a page. */
function citedIn(path: string): string[] {
  const lines = read(path).split('\n');
  const prose = path.endsWith('.md')
    ? lines
    : lines.flatMap((line) => /^\s*(?:\/\*\*?|\*|\/\/)(.*)/.exec(line)?.[1] ?? / \/[/*] (.*)/.exec(line)?.[1] ?? []);
  return prose.flatMap((line) => line.match(/(?<![\w.#-])[A-Z]{1,2}\d{1,2}(?![\w-])/g) ?? []);
}

/** The titles of the tests and groups of a file, as they are written; not of those that are skipped. */
function titlesIn(path: string): string[] {
  const found = read(path).matchAll(
    /(?:\b(?:test|describe)(?:\.(?!skip\b|todo\b)\w+)*|\))\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,/gs,
  );
  return [...found].map(([, , title = '']) => title.replaceAll(/\\(['"`\\])/g, '$1'));
}
const isTest = (path: string) =>
  /^test\/.*(?:\.test|Suite)\.ts$|^src\/testing\/suites\/[\w/]+\.ts$/.test(path) && existsSync(resolve(root, path));

test('every promise of a source is listed once, in the words and at the place where it is made', () => {
  expect(promised.length).toBeGreaterThan(50);
  const listed = requirements.map(({ id, says, where }) => ({ id, says, where }));
  const byId = (a: PromiseText, b: PromiseText) => a.id.localeCompare(b.id);
  expect(listed.sort(byId)).toEqual(promised.toSorted(byId));
});

test('no two promises have one number, and the numbers of a list have no gap', () => {
  expect(promised.map(({ id }) => id).filter((id, index, all) => all.indexOf(id) < index)).toEqual([]);
  const before = (id: string) => id.replace(/\d+/, (number) => `${Number(number) - 1}`);
  expect([...ids].filter((id) => !/[A-Z]1$/.test(id) && !ids.has(before(id)))).toEqual([]);
});

test('every promise has a test', () => {
  expect(requirements.filter((requirement) => requirement.tests.length === 0).map(({ id }) => id)).toEqual([]);
});

test('every test that is named exists, and is the only one of its name', () => {
  const titles = new Map(
    [...new Set(requirements.flatMap((each) => each.tests.map(({ file }) => file)))].map(
      (file) => [file, isTest(file) ? titlesIn(file) : []] as const,
    ),
  );
  const wrong = requirements.flatMap(({ id, tests: shown }) =>
    shown.flatMap(({ file, name }) => {
      const all = titles.get(file) ?? [];
      const isFound = all.includes(name) || all.filter((title) => title.startsWith(name)).length === 1;
      return isFound ? [] : [`${id}: ${file} has no test "${name}", or several that begin so`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('every number that a comment or a page refers to is that of a promise', () => {
  const unknown = [...sources, ...tests, ...pages].flatMap((path) =>
    citedIn(path)
      .filter((id) => !ids.has(id))
      .map((id) => `${path} refers to ${id}`),
  );
  expect(unknown).toEqual([]);
});
