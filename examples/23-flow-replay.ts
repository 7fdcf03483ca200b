/** A replay: a new run with the results of an old one, from a call on, with another result for one of them. The old run stays as it was. */
import assert from 'node:assert/strict';
import { flow, openRuntime } from 'troupe';
import { z } from 'zod';

const done: string[] = [];
const step = <T>(name: string, value: T): T => {
  done.push(name);
  return value;
};
const article = flow('article', { input: z.object({ topic: z.string() }) }, async (ctx, { topic }) => {
  const notes = await ctx.checkpoint('research', () => step('research', `notes about ${topic}`));
  const draft = await ctx.checkpoint('write', () => step('write', `Draft from ${notes}`));
  return ctx.checkpoint('publish', () => step('publish', `PUBLISHED: ${draft}`));
});

await using runtime = await openRuntime({ db: 'memory' });
const outcomeOf = async (handle: Awaited<ReturnType<typeof runtime.start>>) => {
  const outcome = await handle.outcome();
  return outcome.status === 'done' ? outcome.output : outcome;
};
const original = await outcomeOf(await runtime.start(article, { topic: 'tea' }, { key: 'one' }));
assert.equal(original, 'PUBLISHED: Draft from notes about tea');

// What would be taken, and what performed?
const plan = await runtime.plan('one', { from: 'write' });
assert.deepEqual([plan.reused, plan.rerun], [['research'], ['write', 'publish']]);

done.length = 0;
const edited = await runtime.replay('one', article, {
  from: 'write',
  overrides: { 'checkpoint.research': 'edited notes' },
  key: 'two',
});
assert.equal(await outcomeOf(edited), 'PUBLISHED: Draft from edited notes');
assert.deepEqual(done, ['write', 'publish']);
assert.equal(await outcomeOf(await runtime.resume('one', article)), original);
console.log(original, '->', 'PUBLISHED: Draft from edited notes');
