/** What a run keeps in memory and in its commits does not grow with the number of items or tasks. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mapReduce, openRuntime, orchestrator, routers, type Runnable } from 'troupe';
import { memory } from '../../../src/journal/memory/memory.ts';
import type { Commit } from '../../../src/journal/journal.ts';
import { replyingAgent } from './participants.ts';

/** What a run keeps at once: active actors other than its root; and the bytes of a commit of its root, without input and output. */
async function widest(subject: Runnable, input: unknown) {
  const inner = memory();
  const alive = new Set<string>();
  const seen = { actors: 0, snapshot: 0, wishes: 0, commits: 0 };
  const see = ({ actor, parent, seq, status, snapshot, opens, closes }: Commit): void => {
    if (parent !== undefined) {
      if (status === 'active') alive.add(actor);
      else alive.delete(actor);
      seen.actors = Math.max(seen.actors, alive.size);
    } else if (seq > 1 && status === 'active') {
      seen.snapshot = Math.max(seen.snapshot, JSON.stringify(snapshot).length);
      seen.wishes = Math.max(seen.wishes, opens.length + closes.length);
      seen.commits++;
    }
  };
  await using runtime = await openRuntime({
    journal: {
      ...inner,
      async commit(commit) {
        await inner.commit(commit);
        see(commit);
      },
      async commitAll(commits) {
        await inner.commitAll?.(commits);
        commits.forEach(see);
      },
    },
  });
  const outcome = await (await runtime.start(subject, input as never)).outcome();
  if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome));
  return { output: outcome.output as unknown, ...seen };
}
/** Counters have more digits when there is more to count; nothing else may grow. */
const digits = 40;

test('a map-reduce keeps only as many workers active as its concurrency, and its own state does not grow with the items', async () => {
  const fan = mapReduce({
    name: 'fan',
    split: (count) => Array.from({ length: Number(count) }, (_, item) => `${item}`),
    map: replyingAgent('worker'),
    reduce: (all) => all.length,
    concurrency: 10,
  });
  const [few, many] = [await widest(fan, '50'), await widest(fan, '500')];
  expect([few.output, many.output]).toEqual([50, 500]);
  expect([few.actors, many.actors]).toEqual([10, 10]);
  expect(many.snapshot - few.snapshot).toBeLessThan(digits);
  expect(many.wishes).toBe(few.wishes);
  // The answer of the worker, and the decision of the route: that one may be about several answers.
  expect(few.commits).toBeLessThanOrEqual(100);
  expect(many.commits).toBeLessThanOrEqual(1_000);
  expect(many.commits).toBeGreaterThan(500);
});

test('what a map-reduce does with an answer takes no longer when there were many answers before', () => {
  const fan = mapReduce({
    name: 'fan',
    split: (count) => Array.from({ length: Number(count) }, (_, item) => `${item}`),
    map: replyingAgent('worker'),
    reduce: (all) => all.length,
    concurrency: 10,
  });
  /** How many messages are looked at to decide what follows from the latest of so many answers. */
  const looksAt = (answers: number) => {
    const looked = new Set<number>();
    const answer = (turn: number) => ({
      get type() {
        looked.add(turn);
        return 'mapped';
      },
      body: 'done',
      turn,
    });
    fan.next([{ type: 'task', body: '5000' }, ...Array.from({ length: answers }, (_, turn) => answer(turn))]);
    return looked.size;
  };
  expect(looksAt(2_000)).toBe(looksAt(20));
});

test('an orchestration keeps only as many attempts active as its concurrency, its own state does not grow with the tasks, and every member gets the same number', async () => {
  const names = Array.from({ length: 10 }, (_, member) => `m${member}`);
  const desk = orchestrator({
    name: 'desk',
    members: names.map((name) => replyingAgent(name)),
    router: routers.roundRobin(),
    mode: 'parallel:4',
  });
  const of = (count: number) => widest(desk, { tasks: Array.from({ length: count }, (_, task) => `task ${task}`) });
  const [few, many] = [await of(240), await of(480)];
  expect([few.actors, many.actors]).toEqual([4, 4]);
  expect(many.snapshot - few.snapshot).toBeLessThan(10 * digits);
  expect(many.wishes).toBe(few.wishes);
  const taken = (many.output as { agentId: string }[]).map(({ agentId }) => agentId);
  expect(names.map((name) => taken.filter((id) => id === name).length)).toEqual(names.map(() => 48));
});

test('while a journal is writing, the ends of many workers wait, and are taken and routed together: few writes for many items', async () => {
  const inner = memory();
  let writes = 0;
  /** Writes take until the next turn of the event loop, as on a disk. */
  const slowly = async (commits: readonly Commit[], write: () => Promise<void>) => {
    if (commits.some(({ parent }) => parent === undefined)) writes++;
    await setImmediate();
    await write();
  };
  await using runtime = await openRuntime({
    journal: {
      ...inner,
      commit: (commit) => slowly([commit], () => inner.commit(commit)),
      commitAll: (commits) => slowly(commits, async () => inner.commitAll?.(commits)),
    },
  });
  const fan = mapReduce({
    name: 'fan',
    split: (count) => Array.from({ length: Number(count) }, (_, item) => `${item}`),
    map: replyingAgent('worker', (item) => item),
    reduce: (all) => all.map(Number),
    concurrency: 50,
  });
  const run = await runtime.start(fan, '500');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: Array.from({ length: 500 }, (_, item) => item) });
  expect(writes).toBeLessThan(150);
});
