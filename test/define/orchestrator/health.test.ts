/** How the recent failures of its members affect the routing of an orchestrator. */
import { expect, test } from 'vitest';
import { agent, control, orchestrator, routers, run, type Router } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { echo } from './members.ts';

/** Fails at these calls, counted from 1, and succeeds at the others. */
function failingOn(name: string, ...bad: number[]) {
  let calls = 0;
  return agent({
    name,
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
    model: scriptedModel(() =>
      bad.includes(++calls) ? { error: { kind: 'environment', message: `${name} is away.` } } : { text: 'Done.' },
    ),
  });
}
const tasks = (count: number) => Array.from({ length: count }, () => ({ input: 'Go.', metadata: { role: 'clerk' } }));

async function selectedMembers(router: Router, count: number, ...bad: number[]) {
  const members = [failingOn('ada', ...bad), echo('bob')].map((each) => ({ agent: each, role: 'clerk' }));
  const desk = orchestrator({ name: 'desk', members, router, mode: 'sequential' });
  const results = await run(desk, { tasks: tasks(count) }, { db: 'memory' });
  return results.map(({ agentId }) => agentId).join(' ');
}

test.each([
  ['first available', routers.firstAvailable(), 'ada bob bob bob'],
  ['role', routers.role(), 'ada bob bob bob'],
  ['least busy', routers.leastBusy(), 'ada bob bob bob'],
])('%s avoids a failing member while others are healthy', async (_, router, selected) => {
  expect(await selectedMembers(router, 4, 1)).toBe(selected);
});

test('round robin avoids a member after several failures, not after one', async () => {
  expect(await selectedMembers(routers.roundRobin(), 4, 1)).toBe('ada bob ada bob');
  expect(await selectedMembers(routers.roundRobin(), 8, 1, 2)).toBe('ada bob ada bob ada bob bob bob');
});

test.each([
  ['first available', routers.firstAvailable(), 'ada ada ada bob bob'],
  ['least busy', routers.leastBusy(), 'ada bob ada bob ada bob bob'],
  ['round robin', routers.roundRobin(), 'ada bob ada bob ada bob ada'],
])('%s still uses a member that failed once in three attempts', async (_, router, selected) => {
  expect(await selectedMembers(router, selected.split(' ').length, 3)).toBe(selected);
});

test('a failing member is used when no other member has capacity', async () => {
  const members = [failingOn('ada', 1), { agent: failingOn('bob'), capacity: 1 }];
  const desk = orchestrator({ name: 'desk', members, mode: 'parallel:2' });
  const results = await run(desk, { tasks: [{ input: 'Go.', agentId: 'ada' }, 'Go.', 'Go.', 'Go.'] }, { db: 'memory' });
  expect(results.slice(1).map(({ success }) => success)).toEqual([true, true, true]);
  expect(new Set(results.slice(1).map(({ agentId }) => agentId))).toEqual(new Set(['ada', 'bob']));
});

test('a failure is shown in the monitor until it expires, and then no longer counts', async () => {
  await using runtime = await testRuntime();
  const desk = orchestrator({ name: 'desk', members: [failingOn('ada', 1), echo('bob')], mode: 'sequential' });
  const handle = await runtime.start(desk, { tasks: ['Go.'], standing: true });
  const { add, close, monitor } = control(runtime, handle);
  const health = async () => (await monitor()).members.map((member) => member.health);
  await runtime.settle();
  expect(await health()).toEqual(['failing', 'healthy']);
  await runtime.advance('301s');
  expect(await health()).toEqual(['healthy', 'healthy']);
  await add('Go.');
  await close();
  expect(await handle.outcome()).toMatchObject({ output: [{ agentId: 'ada', success: false }, { agentId: 'ada' }] });
});
