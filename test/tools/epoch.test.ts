/** The epoch of the catalog, when a source is unavailable. */
import { expect, test } from 'vitest';
import { catalog } from '../../src/tools/catalog.ts';
import { testScope } from '../../src/testing/suites/scope.ts';
import { fakeSource } from './fakeSource.ts';

const { signal } = testScope();

test('the epoch rises when a source becomes unavailable and when it returns, and not in between', async () => {
  const source = fakeSource('s', 'a');
  const all = catalog([source, fakeSource('t', 'b')]);
  await all.list(signal);
  expect(all.epoch).toBe(0);
  source.down = true;
  source.change();
  expect(all.epoch).toBe(1);
  await all.list(signal);
  expect(all.epoch).toBe(2);
  await all.list(signal);
  await all.call('t__b', {}, testScope());
  expect(all.epoch).toBe(2);
  source.down = false;
  await all.list(signal);
  expect(all.epoch).toBe(3);
  await all.list(signal);
  expect(all.epoch).toBe(3);
});
