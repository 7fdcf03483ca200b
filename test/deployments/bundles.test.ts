/** The code of versions: kept under its hash, loaded as it was deployed, and joined from the files that belong to it. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bundleHash, type BundleFile, type PinnedCode } from '../../src/deployments/bundle.ts';
import { bundleFolder } from '../../src/deployments/bundleFolder.ts';
import { pin } from '../../src/deployments/pin/pin.ts';
import { systemClock } from '../../src/engine/clock.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'troupe-bundles-'));
const text = (path: string, content: string): BundleFile => ({ path, bytes: Buffer.from(content) });
const two = [text('desk.mjs', 'export default 1;'), text('lib/part.mjs', 'export const part = 2;')];

/** Writes files, and returns the path of the first one. */
function project(files: Record<string, string>): string {
  const place = folder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), content);
  }
  return join(place, Object.keys(files)[0] ?? '');
}
const contentOf = ({ files }: PinnedCode, path: string) =>
  Buffer.from(files.find((file) => file.path === path)?.bytes ?? []).toString();

test('a bundle is kept under the hash of its files, once', async () => {
  const place = folder();
  const bundles = bundleFolder(place, systemClock());
  const hashes = await Promise.all([1, 2, 3].map(() => bundles.save(two)));
  expect(new Set(hashes)).toEqual(new Set([bundleHash(two.toReversed())]));
  expect(readdirSync(place)).toEqual([bundleHash(two)]);
  expect(await bundles.open(bundleHash(two))).toBe(join(place, bundleHash(two)));
});

test.each<[string, (place: string) => void]>([
  ['a file was changed', (place) => rewrite(join(place, 'desk.mjs'), 'export default 3;')],
  ['a file was added', (place) => writeFileSync(join(place, 'more.mjs'), '')],
  ['a file was lost', (place) => rmSync(join(place, 'lib/part.mjs'))],
])('a bundle in which %s is refused', async (_, damage) => {
  const bundles = bundleFolder(folder(), systemClock());
  const hash = await bundles.save(two);
  damage(await bundles.open(hash));
  await expect(bundles.open(hash)).rejects.toMatchObject({ kind: 'corrupt' });
  // The same files are kept again.
  await bundles.save(two);
  await bundles.open(hash);
});

function rewrite(file: string, content: string): void {
  chmodSync(file, 0o666);
  writeFileSync(file, content);
}

test('a bundle that is gone is told from one that is damaged', async () => {
  const bundles = bundleFolder(folder(), systemClock());
  const hash = await bundles.save(two);
  await bundles.delete(hash);
  await expect(bundles.open(hash)).rejects.toMatchObject({ kind: 'environment', data: { gone: true, bundle: hash } });
});

test('what a process that was killed has left is no bundle, and is deleted after a day', async () => {
  const place = folder();
  for (const name of ['.old.unfinished', '.new.unfinished']) mkdirSync(join(place, name));
  utimesSync(join(place, '.old.unfinished'), 0, 0);
  const bundles = bundleFolder(place, systemClock());
  const hash = await bundles.save(two);
  await bundles.open(hash);
  // Another process may be at work on the new one.
  expect(readdirSync(place).sort()).toEqual(['.new.unfinished', hash]);
});

describe('a module', () => {
  const files = {
    'desk.ts': `import { part } from './lib/part.ts';\nimport data from './data.json' with { type: 'json' };\nenum Mode { quick = 'quick' }\nexport const later = () => import('./lib/later.ts');\nexport default { part, data, mode: Mode.quick } satisfies object;\n`,
    'lib/part.ts': `export const part: string = 'a part';\n`,
    'lib/later.ts': `export const late: number = 1;\n`,
    'data.json': `{ "a": 1 }`,
  };

  test('is kept with the files that it imports, in JavaScript', async () => {
    const file = project(files);
    const pinned = await pin({ file });
    rmSync(dirname(file), { recursive: true });
    const place = await bundleFolder(folder(), systemClock()).save(pinned.files);
    expect([pinned.entry, place]).toEqual(['desk.mjs', bundleHash(pinned.files)]);
    expect(contentOf(pinned, 'desk.mjs')).toContain('a part');
    expect(contentOf(pinned, 'desk.mjs')).not.toContain('satisfies');
    const map = JSON.parse(contentOf(pinned, 'desk.mjs.map')) as { sources: string[]; sourcesContent: string[] };
    expect(map.sources.toSorted()).toEqual(['data.json', 'desk.ts', 'lib/part.ts']);
    expect(map.sourcesContent.join('')).toContain('satisfies object');
    const loaded = (await import(pathToFileURL(await written(pinned)).href)) as {
      default: unknown;
      later: () => Promise<unknown>;
    };
    expect(loaded.default).toEqual({ part: 'a part', data: { a: 1 }, mode: 'quick' });
    expect(await loaded.later()).toMatchObject({ late: 1 });
  });

  test('has the same hash wherever it is, and another one when a file differs', async () => {
    const hashOf = async (more: Record<string, string>) =>
      bundleHash((await pin({ file: project({ ...files, ...more }) })).files);
    expect(await hashOf({})).toBe(await hashOf({}));
    expect(await hashOf({ 'lib/later.ts': 'export const late = 2;' })).not.toBe(await hashOf({}));
  });

  test('has its packages as imports', async () => {
    const pinned = await pin({
      file: project({
        'a.ts': `import { z } from 'zod';\nimport { agent } from 'troupe';\nexport default [z, agent];`,
      }),
    });
    expect(contentOf(pinned, 'a.mjs')).toMatch(/from "zod";[^]*from "troupe";/);
  });

  test('that asks for its own place gets that of its source, and a warning', async () => {
    const file = project({ 'a.ts': `export default new URL('./prompt.md', import.meta.url).href;` });
    const pinned = await pin({ file });
    expect(contentOf(pinned, 'a.mjs')).toContain(pathToFileURL(file).href);
    expect(pinned.warnings).toEqual([expect.stringContaining('a.ts asks for its own place') as string]);
  });

  test.each([
    ['imports a file that is not there', `import './gone.ts';`, 'gone.ts'],
    ['is no JavaScript', `export default {`, 'a.ts'],
  ])('that %s is refused with the reason', async (_, source, reason) => {
    const file = project({ 'a.ts': source });
    await expect(pin({ file })).rejects.toMatchObject({
      kind: 'definition',
      message: expect.stringContaining(reason) as string,
    });
  });
});

describe('a workflow', () => {
  const files = {
    'workflows/news.workflow.yaml': 'pipeline: []',
    'agents/a.agent.yaml': 'name: a',
    'servers/feed.mjs': '1',
    'test.env.yaml': 'variables: { KEY: secret }',
    '.env': 'KEY=secret',
    'node_modules/x/index.js': '1',
    '.troupe/troupe.db': '1',
    'state.db': '1',
  };

  test('is kept with its project, without packages, values of variables and journals', async () => {
    const file = project(files);
    const pinned = await pin({ file, projectDir: dirname(dirname(file)) });
    expect(pinned.entry).toBe('workflows/news.workflow.yaml');
    expect(pinned.files.map(({ path }) => path).sort()).toEqual([
      'agents/a.agent.yaml',
      'servers/feed.mjs',
      'workflows/news.workflow.yaml',
    ]);
  });

  test('outside of its project, or in one that is too large, is refused', async () => {
    await expect(pin({ file: project(files), projectDir: folder() })).rejects.toThrow('is not in the folder');
    const many = Object.fromEntries(Array.from({ length: 2_001 }, (_, n) => [`${n}.yaml`, '']));
    const file = project({ 'a.workflow.yaml': '', ...many });
    await expect(pin({ file, projectDir: dirname(file) })).rejects.toThrow('more than 2000 files');
  });
});

/** Writes a bundle where packages of this project are found, and returns the path of its entry. */
async function written({ files, entry }: PinnedCode): Promise<string> {
  const bundles = bundleFolder(folder(), systemClock());
  return join(await bundles.open(await bundles.save(files)), entry);
}
