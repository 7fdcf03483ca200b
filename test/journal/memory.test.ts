import { expect, test } from 'vitest';
import { commitFor } from '../../src/testing/suites/commit.ts';
import { memory } from '../../src/journal/memory.ts';
import { journalSuite } from 'troupe/testing/suites';

journalSuite('memory', { open: async () => memory() });

test('of many ended actors one with large contents is found as it was', async () => {
  await using journal = memory();
  await journal.claim('r', 'me', { now: 0, ttl: 1_000 });
  await journal.commit(commitFor({ actor: 'agent/r' }));
  const text = 'x'.repeat(1_500_000);
  for (let n = 0; n < 300; n++)
    await journal.commit(
      commitFor({
        actor: `agent/r.n${n}`,
        parent: 'agent/r',
        status: 'done',
        appends: [{ list: 'said', entry: n === 1 ? text : n }],
      }),
    );
  expect(await journal.list('agent/r.n1', 'said')).toEqual([text]);
  expect(await journal.list('agent/r.n2', 'said')).toEqual([2]);
  expect(await journal.find({ parent: 'agent/r', limit: 1_000 })).toHaveLength(300);
});
