/** Many calls side by side: a limit on how many, retries of those that fail, results of earlier runs, and failures that are collected. */
import assert from 'node:assert/strict';
import { checkpoint, flow, openRuntime } from 'troupe';
import { z } from 'zod';

let asked = 0;
let atWork = 0;
let most = 0;
const price = checkpoint(
  'price',
  { retries: { times: 2, backoff: '1ms' }, timeout: '5s', cache: { version: '1', maxAge: '1h' } },
  async (item: string, { attempt }) => {
    asked++;
    most = Math.max(most, ++atWork);
    await new Promise((done) => setTimeout(done, 5));
    atWork--;
    if (item === 'cups' && attempt === 1) throw new Error('busy');
    if (item === 'gold') throw new Error('not for sale');
    return item.length;
  },
);

const shop = flow('shop', { input: z.object({ items: z.array(z.string()) }) }, async (ctx, { items }) => {
  const results = await price.mapAll(ctx, items, { concurrency: 2 });
  const total = results.reduce((sum, each) => sum + (each.ok ? each.value : 0), 0);
  const failed = results.flatMap((each, i) => (each.ok ? [] : [`${items[i]}: ${each.failure.message}`]));
  return { total, failed };
});

await using runtime = await openRuntime({ db: 'memory' });
const items = ['tea', 'cups', 'gold', 'spoons'];
const first = await (await runtime.start(shop, { items }, { key: 'monday' })).outcome();
assert.deepEqual(first, { status: 'done', output: { total: 13, failed: ['gold: not for sale'] } });
assert.equal(most, 2);
assert.equal(asked, 1 + 2 + 3 + 1);

// Another run takes the results that are known. What failed is asked again.
asked = 0;
const second = await (await runtime.start(shop, { items }, { key: 'tuesday' })).outcome();
assert.deepEqual(second, first);
assert.equal(asked, 3);
console.log(first.status === 'done' && first.output);
