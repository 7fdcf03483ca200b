/**
 * The samples of README.md and docs/*.md can be used as they are printed, on every Node that we promise.
 * Each complete one (with imports) is a file of `samples/`, which `npm run check` type-checks against the sources.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { transformSync } from 'rolldown/utils';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { limits } from '../limits.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'samples');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs')).flatMap((file) => (file.endsWith('.md') ? `docs/${file}` : [])),
];

/** `name`: of its file in `samples/`. `place`: the page and the line. */
const samples = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(?:ts|js)\n(.*?)^```/gms)].map(([, code = ''], n) => ({
    place: `${page}:${text.slice(0, text.indexOf(code)).split('\n').length}`,
    name: `${page.replace('docs/', '').replace('.md', '').toLowerCase()}-${n + 1}`,
    code,
  }));
});
const isComplete = (code: string) => /^import .* from '/m.test(code);
/** The plain client of NATS has no types here, and a test is for Vitest to run. */
const complete = samples.filter(
  ({ code, place }) =>
    isComplete(code) && !place.startsWith('docs/testing.md') && !/from '(?:nats|vitest|\.\/)/.test(code),
);
/** Without a key, a server, a terminal. */
const runnable = complete.filter(({ code }) => !/'(?:anthropic|openai|google):|nats/.test(code));

test('there are samples, and some of them run by themselves', () => {
  expect(samples.length).toBeGreaterThan(20);
  expect(complete.length).toBeGreaterThan(6);
  expect(runnable.length).toBeGreaterThan(3);
});

test.each(samples)(
  '$place is plain ECMAScript of the lowest Node once its types are stripped',
  ({ name, place, code }) => {
    const { code: plain, errors } = transformSync(`${name}.ts`, code, { target: 'esnext' });
    expect(errors.map(({ message }) => message)).toEqual([]);
    // The samples of this page are tests: Vitest translates what this Node cannot read.
    if (place.startsWith('docs/testing.md')) return;
    // Node reads `using` from version 24 on.
    expect(plain).not.toMatch(/^\s*(?:await )?using /m);
    const body = plain
      .replace(/^import [^;]*;$/gm, '')
      .replace(/^export default /gm, 'void ')
      .replace(/^export /gm, '');
    expect(() => new Script(`(async () => {${body}\n})`)).not.toThrow();
  },
);

test.each(complete)(
  '$place is in test/package/samples, where it is type-checked (-u writes it)',
  async ({ name, code }) => {
    await expect(code).toMatchFileSnapshot(join(folder, `${name}.ts`));
  },
);

test('no file of samples/ is of a sample that is gone', () => {
  expect(readdirSync(folder).sort()).toEqual(complete.map(({ name }) => `${name}.ts`).sort());
});

let said: string[] = [];
beforeAll(() => {
  vi.stubEnv('TROUPE_DB', 'memory');
  vi.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => void said.push(parts.map(String).join(' ')));
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test.each(runnable)('$place runs as it is printed', { timeout: limits.test }, async ({ name, code }) => {
  said = [];
  await import(join(folder, `${name}.ts`));
  if (/console\.log/.test(code)) expect(said.length).toBeGreaterThan(0);
});
