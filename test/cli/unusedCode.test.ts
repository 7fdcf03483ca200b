/** The code of deleted versions is deleted once nothing needs it, and never before. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agent } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { deploymentPlace } from '../../src/cli/deploymentPlace.ts';
import { deleteUnusedCode } from '../../src/cli/unusedCode.ts';
import { bundleHash } from '../../src/deployments/bundle.ts';
import { bundleFolder } from '../../src/deployments/bundleFolder.ts';
import { deploymentsIn } from '../../src/deployments/deployments.ts';
import { memoryDeployments } from '../deployments/memoryDeployments.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { fakeCli } from './fakeCli.ts';

const code = (text: string) => [{ path: 'desk.mjs', bytes: Buffer.from(text) }];
const clerk = agent({ name: 'clerk', model: scriptedModel([{ text: 'Hello.' }]) });

function place(isOfOneJournal = true) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-code-'));
  const bundles = bundleFolder(folder, systemClock());
  const deployments = deploymentsIn(memoryDeployments());
  return { store: memoryDeployments(), deployments, bundles, isOfOneJournal: async () => isOfOneJournal };
}
const version = (bundle: string) => ({ bundle, entry: 'desk.mjs', source: '/desk.mjs', kind: 'agent', createdAt: 1 });

test('code that no version and no run has is deleted; that of the last of many runs of one moment is kept', async () => {
  await using runtime = await testRuntime();
  const here = place();
  const [used, run, unused] = [
    await here.bundles.save(code('used')),
    await here.bundles.save(code('run')),
    await here.bundles.save(code('unused')),
  ];
  await here.deployments.add('desk', version(used));
  const start = (bundle: string) => runtime.start(clerk, 'Hi.', { meta: { deployment: { bundle } } });
  await start(run);
  // All of them change at the same moment, on a clock that stands still.
  for (let n = 0; n < 1_100; n++) await start(used);
  await runtime.settle();
  expect(await deleteUnusedCode(here, runtime.journal)).toEqual([unused]);
  expect(await deleteUnusedCode(here, runtime.journal)).toEqual([]);
  expect([...(await here.bundles.list())].toSorted()).toEqual([used, run].toSorted());
});

test('where runs of other journals may need it, code is kept', async () => {
  await using runtime = await testRuntime();
  const here = place(false);
  const hash = await here.bundles.save(code('unused'));
  expect(await deleteUnusedCode(here, runtime.journal)).toEqual([]);
  expect(await here.bundles.list()).toEqual([bundleHash(code('unused'))]);
  expect(hash).toBe(bundleHash(code('unused')));
});

test('a folder that was named, or that several journals are beside, may serve runs of other journals', async () => {
  const cli = fakeCli();
  const folder = mkdtempSync(join(tmpdir(), 'troupe-beside-'));
  const isOfOne = (db: string, env: Record<string, string> = {}) =>
    deploymentPlace({ ...cli, cwd: folder, env }, { db }).isOfOneJournal();
  expect(await isOfOne('one.db')).toBe(true);
  expect(await isOfOne('memory')).toBe(false);
  expect(await isOfOne('one.db', { TROUPE_DEPLOYMENTS: 'elsewhere' })).toBe(false);
  writeFileSync(join(folder, 'other.db'), '');
  expect(await isOfOne('one.db')).toBe(false);
});
