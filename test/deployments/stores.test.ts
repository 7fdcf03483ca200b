/** The stores of deployments: both keep the contract, and the one in a folder survives what processes leave behind. */
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderDeployments } from '../../src/deployments/store/folderStore.ts';
import { memoryDeployments } from './memoryDeployments.ts';
import { deploymentStoreSuite } from './storeSuite.ts';
import { systemClock } from '../../src/engine/clock.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'troupe-store-'));

deploymentStoreSuite('a store in memory', {
  async place() {
    const store = memoryDeployments();
    return { open: async () => store };
  },
});

deploymentStoreSuite('a store in a folder', {
  async place() {
    const place = folder();
    return { open: async () => folderDeployments(place, systemClock()) };
  },
});

test('what a killed writer has left is no record, and hinders no writer', async () => {
  const place = folder();
  const store = folderDeployments(place, systemClock());
  await store.put('deployments/desk', 1, 0);
  writeFileSync(join(place, 'deployments/desk/.000000000002.json.x.unfinished'), '{"ha');
  expect(await store.get('deployments/desk')).toEqual({ value: 1, revision: 1 });
  expect(await store.put('deployments/desk', 2, 1)).toBe(2);
});

test('a folder does not grow with every change', async () => {
  const place = folder();
  const store = folderDeployments(place, systemClock());
  for (let n = 0; n < 400; n++) await store.put('schedules/nightly', n, n);
  expect(readdirSync(join(place, 'schedules/nightly')).length).toBeLessThan(300);
});

test('a writer that was stopped between reading and writing, while hundreds of others wrote, is refused', async () => {
  const place = folder();
  await folderDeployments(place, systemClock()).put('deployments/desk', 'first', 0);
  // Its name is asked for between reading and writing.
  const late = folderDeployments(place, {
    id() {
      for (let revision = 300; revision < 600; revision++)
        writeFileSync(join(place, 'deployments/desk', `${String(revision).padStart(12, '0')}.json`), '1');
      return 'late';
    },
  });
  await expect(late.put('deployments/desk', 'late', 1)).rejects.toMatchObject({ kind: 'conflict' });
  expect(await late.get('deployments/desk')).toEqual({ value: 1, revision: 599 });
});

test('a record that was cut short is refused with its file', async () => {
  const place = folder();
  const store = folderDeployments(place, systemClock());
  await store.put('deployments/desk', { a: 1 }, 0);
  writeFileSync(join(place, 'deployments/desk/000000000002.json'), '{"a":');
  await expect(store.get('deployments/desk')).rejects.toMatchObject({ kind: 'corrupt' });
  writeFileSync(join(place, 'deployments/desk/000000000003.json'), '');
  await expect(store.get('deployments/desk')).rejects.toMatchObject({
    kind: 'corrupt',
    message: expect.stringContaining('000000000003.json') as string,
  });
});
