/** Pages of many runs: each is listed once, and a page costs what it shows. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { troupeClient, type ExecutionQuery, type TroupeClient } from '../../src/client/index.ts';
import type { Commit } from '../../src/contracts/commit.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openRuntime, type Runtime } from '../../src/index.ts';
import { flowsOver } from './flows.ts';

async function pagesOf(client: TroupeClient, query: ExecutionQuery, between: () => Promise<void> = async () => {}) {
  const pages: string[][] = [];
  for (let cursor: string | undefined; ;) {
    const { items, next } = await client.executions.list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(items.map(({ exec_id: id }) => id));
    if (next === undefined) return pages;
    cursor = next;
    await between();
  }
}

/** Runs that ended at the same moment, on a clock that stands still. */
async function together(count: number) {
  const runtime = await testRuntime();
  const flows = flowsOver({ done: [], isBroken: false });
  for (let n = 0; n < count; n++) {
    await runtime.start(flows['greet']!, null, { key: `g${n}` });
    await runtime.settle();
  }
  return { runtime, flows, client: await troupeClient({ runtime }) };
}

test('runs that were changed in the same millisecond are each listed once', async () => {
  const { runtime, client } = await together(7);
  await using _ = runtime;
  const pages = await pagesOf(client, { limit: 2 });
  expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
  expect(new Set(pages.flat()).size).toBe(7);
});

test('a run that begins while somebody goes through the pages moves no other one out of them', async () => {
  const { runtime, flows, client } = await together(6);
  await using _ = runtime;
  let more = 0;
  const pages = await pagesOf(client, { limit: 2 }, async () => {
    await runtime.advance('1s');
    await runtime.start(flows['greet']!, null, { key: `later-${more++}` });
    await runtime.settle();
  });
  expect(pages.flat().toSorted()).toEqual(['g0', 'g1', 'g2', 'g3', 'g4', 'g5']);
});

/** A run that has ended, as the journal has it. */
const ended = (n: number, name: string, status: 'completed' | 'failed'): Commit => {
  const output =
    status === 'completed'
      ? { status, output: n }
      : { status, failure: { kind: 'code', message: 'no', retryable: false } };
  const run = `r${n}`;
  return {
    run,
    actor: `flow/${run}`,
    type: 'flow',
    parent: undefined,
    status: 'done',
    state: status,
    tags: [],
    created: 1_000 + n,
    updated: 1_000 + n,
    seq: 1,
    meta: { input: { input: null }, about: { name } },
    snapshot: { machine: 'flow', state: { value: status, output } },
    epoch: 1,
    event: { id: `begin-${n}`, type: 'xstate.init', body: null },
    opens: [],
    closes: [],
    results: [],
    appends: [],
  };
};

/** A runtime that counts the rows that its journal gives for questions about roots. */
function counting(runtime: Runtime) {
  const count = { rows: 0 };
  const journal: Journal = {
    ...runtime.journal,
    async find(query) {
      const rows = await runtime.journal.find(query);
      if (query.parent === null && query.run === undefined) count.rows += rows.length;
      return rows;
    },
  };
  return { runtime: { ...runtime, journal } as Runtime, count };
}

test('a page of many runs reads about as many as it lists, also those of one definition and one status', async () => {
  await using opened = await openRuntime({ db: 'memory' });
  const names = ['greet', 'build', 'publish'];
  for (let n = 0; n < 2_000; n++) {
    await opened.journal.claim(`r${n}`, 'test', { now: 0, ttl: 1 });
    await opened.journal.commit(ended(n, names[n % 3]!, n % 100 === 0 ? 'failed' : 'completed'));
  }
  const { runtime, count } = counting(opened);
  const client = await troupeClient({ runtime });
  const cost = async (query: ExecutionQuery) => {
    count.rows = 0;
    const { items, next } = await client.executions.list({ limit: 20, ...query });
    return { items, next, rows: count.rows };
  };
  const first = await cost({});
  expect(first.items[0]).toMatchObject({ exec_id: 'r1999', result: 1999 });
  expect(first.rows).toBeLessThan(100);
  expect((await cost({ cursor: String(first.next) })).rows).toBeLessThan(100);
  const ofOne = await cost({ flow: 'build' });
  expect(ofOne.items.every(({ flow_name: name }) => name === 'build')).toBe(true);
  expect(ofOne.rows).toBeLessThan(100);
  const failed = await cost({ status: 'failed' });
  expect(failed.items).toHaveLength(20);
  expect(failed.rows).toBeLessThan(200);
  expect((await pagesOf(client, { limit: 200, flow: 'publish' })).flat()).toHaveLength(666);
});
