/** The contract of a store of deployments as tests: DS1 to DS3, as the interface numbers them. Every implementation runs this suite. */
import { describe, expect, test } from 'vitest';
import { changeRecord, type DeploymentStore } from '../../src/deployments/store/store.ts';

/** The store under test. */
export interface DeploymentStoreCase {
  /** Opens a fresh, empty place for records. */
  place: () => Promise<{
    /** Opens the store of this place, as each process does that uses it. */
    open: () => Promise<DeploymentStore>;
  }>;
}

const refusal = (kind: string) => expect.objectContaining({ name: 'TroupeError', kind });
const key = 'deployments/desk';

/** Describes the tests that every store of deployments must pass. */
export function deploymentStoreSuite(name: string, { place }: DeploymentStoreCase) {
  const opened = async () => (await place()).open();

  describe(`${name} keeps the contract of a store of deployments`, () => {
    test('what was written is read, with how often it was written', async () => {
      const store = await opened();
      expect(await store.get(key)).toBeUndefined();
      expect(await store.put(key, { first: true }, 0)).toBe(1);
      expect(await store.put(key, { second: [1, 'two', null] }, 1)).toBe(2);
      expect(await store.get(key)).toEqual({ value: { second: [1, 'two', null] }, revision: 2 });
    });

    test('a record that has changed since it was read is not written over', async () => {
      const store = await opened();
      await store.put(key, 'a', 0);
      await store.put(key, 'b', 1);
      for (const revision of [0, 1, 3])
        await expect(store.put(key, 'late', revision)).rejects.toEqual(refusal('conflict'));
      expect(await store.get(key)).toEqual({ value: 'b', revision: 2 });
    });

    test('of many writers at once that have read the same record, one is stored', async () => {
      const { open } = await place();
      const stores = await Promise.all(Array.from({ length: 20 }, open));
      const written = await Promise.allSettled(stores.map((store, n) => store.put(key, n, 0)));
      expect(written.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const winner = written.findIndex(({ status }) => status === 'fulfilled');
      expect(await (await open()).get(key)).toEqual({ value: winner, revision: 1 });
    });

    test('a change that reads and writes is lost by none of many writers at once', async () => {
      const { open } = await place();
      const stores = await Promise.all(Array.from({ length: 10 }, open));
      const add = (value: unknown) => {
        const next = typeof value === 'number' ? value + 1 : 1;
        return { value: next, result: next };
      };
      const results = await Promise.all(stores.flatMap((store) => [1, 2, 3].map(() => changeRecord(store, key, add))));
      expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    });

    test('a reader gets a whole record while others write it', async () => {
      const { open } = await place();
      const [reader, writer] = [await open(), await open()];
      await writer.put(key, 0, 0);
      const written = new AbortController();
      const seen: unknown[] = [];
      const reading = (async () => {
        while (!written.signal.aborted) seen.push((await reader.get(key))?.value);
      })();
      for (let n = 1; n <= 100; n++) await writer.put(key, n, n);
      written.abort();
      await reading;
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((value) => typeof value !== 'number')).toEqual([]);
      expect(seen).toEqual(seen.toSorted((a, b) => Number(a) - Number(b)));
    });

    test('a record that was written is there when the store is opened again', async () => {
      const { open } = await place();
      await (await open()).put(key, { kept: true }, 0);
      expect(await (await open()).get(key)).toEqual({ value: { kept: true }, revision: 1 });
    });

    test('a deleted record is not listed, keeps its revision, and can be written again', async () => {
      const store = await opened();
      await store.put(key, 1, 0);
      await store.put('deployments/a', 1, 0);
      await store.put('schedules/nightly', 1, 0);
      await store.put(key, null, 1);
      expect(await store.ids('deployments')).toEqual(['a']);
      expect(await store.get(key)).toEqual({ value: null, revision: 2 });
      await expect(store.put(key, 2, 0)).rejects.toEqual(refusal('conflict'));
      await store.put(key, 2, 2);
      expect(await store.ids('deployments')).toEqual(['a', 'desk']);
      expect(await store.ids('schedules')).toEqual(['nightly']);
    });

    test('a writer that read an old record long ago is refused, however often it was written since', async () => {
      const { open } = await place();
      const store = await open();
      for (let n = 0; n < 600; n++) await store.put(key, n, n);
      for (const revision of [1, 2, 100, 300, 343, 344, 500, 599])
        await expect((await open()).put(key, 'late', revision)).rejects.toEqual(refusal('conflict'));
      expect(await store.get(key)).toEqual({ value: 599, revision: 600 });
    });

    test('a name that is no id is refused', async () => {
      const store = await opened();
      for (const id of ['../desk', 'a/b', '', 'A', '.hidden'])
        await expect(store.put(`deployments/${id}`, 1, 0)).rejects.toEqual(refusal('invalid'));
    });

    test('what a caller changes afterwards is not stored', async () => {
      const store = await opened();
      const value = { list: [1] };
      await store.put(key, value, 0);
      value.list.push(2);
      expect((await store.get(key))?.value).toEqual({ list: [1] });
    });
  });
}
