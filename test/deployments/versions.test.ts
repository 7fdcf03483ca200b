/** Versions and tags of deployments: numbers, the default, tags that move, and what is refused. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deploymentsIn, type Deployments } from '../../src/deployments/deployments.ts';
import { deploymentName, parseDeployment } from '../../src/deployments/names.ts';
import { folderDeployments } from '../../src/deployments/store/folderStore.ts';
import { memoryDeployments } from './memoryDeployments.ts';
import type { TagChange } from '../../src/deployments/versions.ts';
import { systemClock } from '../../src/engine/clock.ts';

const add = (deployments: Deployments, ...tags: TagChange[]) =>
  deployments.add(
    'desk',
    { bundle: 'a'.repeat(64), entry: 'desk.mjs', kind: 'agent', source: '/desk.ts', createdAt: 0 },
    tags,
  );
const shared = (tag: string): TagChange => ({ tag, exclusive: false });
const exclusive = (tag: string): TagChange => ({ tag, exclusive: true });
const fresh = () => deploymentsIn(memoryDeployments());

/** Three versions; the first one is the default. */
async function three(): Promise<Deployments> {
  const deployments = fresh();
  for (let n = 0; n < 3; n++) await add(deployments);
  return deployments;
}

test('the first version is the default, and the second one is not', async () => {
  const deployments = fresh();
  expect(await add(deployments)).toMatchObject({ name: 'desk', version: 1, exclusive: ['default'] });
  expect(await add(deployments)).toMatchObject({ version: 2, exclusive: [], tags: [] });
  expect(await deployments.get('desk')).toMatchObject({ version: 1 });
});

test('versions are listed newest first', async () => {
  const deployments = await three();
  expect((await deployments.list('desk')).map(({ version }) => version)).toEqual([3, 2, 1]);
  expect((await deployments.list()).map(({ name, version }) => [name, version])).toEqual([
    ['desk', 3],
    ['desk', 2],
    ['desk', 1],
  ]);
});

test('many deploys at once give as many versions', async () => {
  const place = mkdtempSync(join(tmpdir(), 'troupe-versions-'));
  const all = await Promise.all(
    Array.from({ length: 20 }, () => add(deploymentsIn(folderDeployments(place, systemClock())))),
  );
  expect(all.map(({ version }) => version).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(all.filter((each) => each.exclusive.includes('default'))).toHaveLength(1);
});

test('the number of a deleted version is not given again', async () => {
  const deployments = await three();
  await deployments.delete('desk', 3);
  expect(await add(deployments)).toMatchObject({ version: 4 });
  await deployments.deleteAll('desk');
  expect(await add(deployments)).toMatchObject({ version: 5, exclusive: ['default'] });
});

test('who asks while the default is being moved gets one of the two versions, never none', async () => {
  const place = mkdtempSync(join(tmpdir(), 'troupe-moved-'));
  const [mover, asker] = [1, 2].map(() => deploymentsIn(folderDeployments(place, systemClock())));
  if (!mover || !asker) throw new Error('There are two.');
  await add(mover);
  await add(mover);
  const moved = new AbortController();
  const seen = new Set<number>();
  const asking = (async () => {
    while (!moved.signal.aborted) seen.add((await asker.get('desk')).version);
  })();
  for (let n = 0; n < 50; n++) await mover.tag('desk', 1 + ((n + 1) % 2), exclusive('default'));
  moved.abort();
  await asking;
  expect(seen).toEqual(new Set([1, 2]));
});

describe('tags', () => {
  test('an exclusive tag moves, and a shared one stays', async () => {
    const deployments = await three();
    await deployments.tag('desk', 1, exclusive('prod'));
    await deployments.tag('desk', 1, shared('tested'));
    expect(await deployments.tag('desk', 2, exclusive('prod'))).toMatchObject({ exclusive: ['prod'] });
    await deployments.tag('desk', 2, shared('tested'));
    expect(await deployments.get('desk', { version: 1 })).toMatchObject({ exclusive: ['default'], tags: ['tested'] });
    expect(await deployments.get('desk', { tag: 'prod' })).toMatchObject({ version: 2, tags: ['tested'] });
  });

  test('a shared tag that several versions have names none of them', async () => {
    const deployments = await three();
    await deployments.tag('desk', 2, shared('canary'));
    expect(await deployments.get('desk', { tag: 'canary' })).toMatchObject({ version: 2 });
    await deployments.tag('desk', 3, shared('canary'));
    await expect(deployments.get('desk', { tag: 'canary' })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('the versions 3, 2 have it') as string,
    });
  });

  test('a shared tag that becomes exclusive is on one version', async () => {
    const deployments = await three();
    for (const version of [1, 2, 3]) await deployments.tag('desk', version, shared('live'));
    await deployments.tag('desk', 2, exclusive('live'));
    expect((await deployments.list('desk')).map(({ tags, exclusive: own }) => [...tags, ...own])).toEqual([
      [],
      ['live'],
      ['default'],
    ]);
  });

  test('a tag that is exclusive elsewhere is not shared in silence', async () => {
    const deployments = await three();
    await deployments.tag('desk', 1, exclusive('prod'));
    await expect(deployments.tag('desk', 2, shared('prod'))).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('default is exclusive whatever is asked for, and cannot be removed', async () => {
    const deployments = await three();
    await deployments.tag('desk', 2, shared('default'));
    expect((await deployments.list('desk')).map(({ exclusive: own }) => own)).toEqual([[], ['default'], []]);
    await expect(deployments.untag('desk', 2, 'default')).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('a tag is taken from one version', async () => {
    const deployments = await three();
    await deployments.tag('desk', 1, shared('old'));
    await deployments.tag('desk', 2, shared('old'));
    await deployments.tag('desk', 2, exclusive('prod'));
    expect(await deployments.untag('desk', 2, 'old')).toMatchObject({ tags: [] });
    expect(await deployments.untag('desk', 2, 'prod')).toMatchObject({ exclusive: [] });
    expect(await deployments.get('desk', { tag: 'old' })).toMatchObject({ version: 1 });
    await expect(deployments.untag('desk', 3, 'old')).rejects.toMatchObject({ kind: 'unknown_recipient' });
  });

  test('a deploy may bring tags, and move the default', async () => {
    const deployments = fresh();
    await add(deployments, exclusive('prod'));
    expect(await add(deployments, exclusive('prod'), exclusive('default'))).toMatchObject({
      version: 2,
      exclusive: ['default', 'prod'],
    });
  });

  test.each(['', ' ', 'a b', 'a/b', '7', 'v7', '-x', 'x'.repeat(65), 'a\n'])('%j is no tag', async (tag) => {
    const deployments = await three();
    await expect(deployments.tag('desk', 1, shared(tag))).rejects.toMatchObject({ kind: 'invalid' });
  });
});

test('a version with an exclusive tag is not deleted', async () => {
  const deployments = await three();
  await deployments.tag('desk', 2, exclusive('prod'));
  await expect(deployments.delete('desk', 1)).rejects.toMatchObject({ kind: 'conflict' });
  await expect(deployments.delete('desk', 2)).rejects.toThrow('the exclusive tag "prod"');
  await deployments.untag('desk', 2, 'prod');
  await deployments.tag('desk', 2, shared('tested'));
  await deployments.delete('desk', 2);
  expect((await deployments.list('desk')).map(({ version }) => version)).toEqual([3, 1]);
});

test('what is not there is named, with what is', async () => {
  const deployments = await three();
  await expect(deployments.get('desk', { version: 9 })).rejects.toThrow('"desk" has no version 9; it has 3, 2, 1.');
  await expect(deployments.get('desk', { tag: 'prod' })).rejects.toThrow('there are default');
  await expect(deployments.get('desk', { version: 1, tag: 'default' })).rejects.toThrow('not by both');
  await expect(deployments.get('press')).rejects.toThrow('There is no deployment "press"');
  await expect(deployments.tag('press', 1, shared('x'))).rejects.toThrow('There is no deployment "press"');
  expect(await fresh().list()).toEqual([]);
});

test('a deployment is named on the command line with its tag or its version', () => {
  expect(parseDeployment('desk')).toEqual({ name: 'desk' });
  expect(parseDeployment('News Desk@canary')).toEqual({ name: 'news-desk', tag: 'canary' });
  expect([parseDeployment('desk@3'), parseDeployment('desk@v3')]).toEqual([
    { name: 'desk', version: 3 },
    { name: 'desk', version: 3 },
  ]);
  for (const wrong of ['', '@x', 'desk@', 'a::b', 'desk@0']) expect(() => parseDeployment(wrong)).toThrow();
  expect(deploymentName('News Desk')).toBe('news-desk');
});

test('a record that something else wrote is refused, and not taken for none', async () => {
  const store = memoryDeployments();
  await store.put('deployments/desk', { versions: 'many' }, 0);
  await expect(deploymentsIn(store).get('desk')).rejects.toMatchObject({ kind: 'corrupt' });
});
