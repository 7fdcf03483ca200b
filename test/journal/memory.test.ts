import { expect, test } from 'vitest';
import { commitFor } from '../../src/testing/suites/commit.ts';
import { emptyActor, EndedActors, type ActorContents, type KeptResult } from '../../src/journal/memory/endedActors.ts';
import { memory } from '../../src/journal/memory/memory.ts';
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

test('actors that ended while their last messages were under way are compressed too, once others end', async () => {
  const contents = new Map<string, KeptResult>();
  const ended = new EndedActors(contents, { packs: true });
  const actorOf = (n: number): ActorContents => ({
    ...emptyActor({ ...commitFor({ actor: `agent/r.n${n}` }), parent: 'agent/r', status: 'done' }),
    pending: new Map([[`m${n}`, messageOf(`m${n}`)]]),
  });
  const early = Array.from({ length: 2_000 }, (_, n) => actorOf(n));
  for (const actor of early) ended.add(actor);
  expect(early.filter(({ packed }) => packed)).toEqual([]);
  for (const { pending } of early) pending?.clear();
  for (let n = 0; n < 150; n++) {
    const late = actorOf(early.length + n);
    late.pending?.clear();
    ended.add(late);
  }
  expect(early.filter(({ packed }) => packed === undefined)).toEqual([]);
});

const messageOf = (id: string) => ({
  key: id,
  kind: 'message' as const,
  data: { id, type: 'news', body: null, from: 'agent/a', to: 'agent/r', run: 'r', kind: 'signal' as const },
});
