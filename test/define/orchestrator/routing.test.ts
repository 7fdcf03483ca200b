/** Every router, and a task that no member can take. */
import { expect, test } from 'vitest';
import { control, orchestrator, routers, run, type Router, type TaskResult, type TaskSpec } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { broken, echo } from './members.ts';

const names = ['ada', 'bob', 'cyd'];
async function selectedMembers(router: Router, tasks: readonly (TaskSpec | string)[], roles: readonly string[] = []) {
  const members = names.map((name, i) => ({ agent: echo(name), ...(roles[i] ? { role: roles[i] } : {}) }));
  const results = await run(
    orchestrator({ name: 'desk', members, router, mode: 'sequential' }),
    { tasks },
    { db: 'memory' },
  );
  return results.map(({ agentId }) => agentId);
}
const manyTasks = (count: number): string[] => Array.from({ length: count }, () => 'Go.');

test('direct gives a task to the agent it names', async () => {
  expect(
    await selectedMembers(routers.direct(), [
      { input: 'x', agentId: 'bob' },
      { input: 'x', agentId: 'ada' },
    ]),
  ).toEqual(['bob', 'ada']);
});

test('round robin uses the members in turn, in the order of registration', async () => {
  expect(await selectedMembers(routers.roundRobin(), manyTasks(5))).toEqual(['ada', 'bob', 'cyd', 'ada', 'bob']);
});

test('first available uses the first member, and the next one while the first has no capacity', async () => {
  expect(await selectedMembers(routers.firstAvailable(), manyTasks(2))).toEqual(['ada', 'ada']);
  const members = names.map((name) => ({ agent: echo(name), capacity: 1 }));
  const desk = orchestrator({ name: 'desk', members, mode: 'parallel:3' });
  const results = await run(desk, { tasks: manyTasks(3) }, { db: 'memory' });
  expect(results.map(({ agentId }) => agentId)).toEqual(names);
});

test('least busy spreads evenly', async () => {
  const taken = await selectedMembers(routers.leastBusy(), manyTasks(9));
  expect(names.map((name) => taken.filter((each) => each === name).length)).toEqual([3, 3, 3]);
});

test('role selects by the metadata, and uses its fallback when no member has that role', async () => {
  const tasks = [
    { input: 'x', metadata: { role: 'critic' } },
    { input: 'x', metadata: { role: 'cook' } },
  ];
  expect(await selectedMembers(routers.role(), tasks, ['writer', 'critic'])).toEqual(['bob', '']);
  const fallback = routers.direct();
  const named = tasks.map((each) => ({ ...each, agentId: 'cyd' }));
  expect(await selectedMembers(routers.role({ fallback }), named.slice(1), ['writer', 'critic'])).toEqual(['cyd']);
  const byJob = [{ input: 'x', metadata: { job: 'writer' } }];
  expect(await selectedMembers(routers.role({ key: 'job' }), byJob, ['writer'])).toEqual(['ada']);
});

test('sticky sends equal keys to the same member and spreads different keys', async () => {
  const tasks = Array.from({ length: 60 }, (_, i) => ({ input: 'x', metadata: { key: `user-${i % 20}` } }));
  const taken = await selectedMembers(routers.sticky(), tasks);
  for (const [i, member] of taken.entries()) expect(member).toBe(taken[i % 20]);
  expect(new Set(taken)).toEqual(new Set(names));
});

test('a function chooses among the members, with a reason', async () => {
  const router = routers.selector({
    choose: ({ task, candidates }) => ({
      member: candidates.find(({ id }) => (task.input as string).includes(id))!.id,
      reason: 'it was asked for',
    }),
  });
  expect(await selectedMembers(router, ['for cyd', 'for ada'])).toEqual(['cyd', 'ada']);
});

test('a model chooses among the members', async () => {
  const model = scriptedModel([
    { expect: /- ada\n- bob/, calls: [{ name: 'choose_member', input: { member: 'bob', reason: 'free' } }] },
  ]);
  const desk = orchestrator({ name: 'desk', members: names.map(echo), router: routers.selector({ model }) });
  expect(await run(desk, 'x', { db: 'memory' })).toMatchObject({
    agentId: 'bob',
    metadata: { routing: { router: 'selector', selected: 'bob', candidates: 3, reason: 'free' } },
  });
});

test('the model call that selects a member is charged to the budget, and reserved before it is made', async () => {
  await using runtime = await testRuntime();
  const model = scriptedModel(() => ({ calls: [{ name: 'choose_member', input: { member: 'bob' } }] }));
  const start = (maxTotalSteps: number, mode: 'sequential' | 'parallel:3') =>
    runtime.start(
      orchestrator({
        name: 'desk',
        members: names.map(echo),
        router: routers.selector({ model }),
        mode,
        budget: { maxTotalSteps },
      }),
      { tasks: manyTasks(3) },
    );
  const rich = await start(99, 'parallel:3');
  expect(await rich.outcome()).toMatchObject({ usage: { steps: 6 } });
  expect(await control(runtime, rich).monitor()).toMatchObject({ consumedSteps: 6 });
  for (const mode of ['sequential', 'parallel:3'] as const) {
    const poor = await start(3, mode);
    const { output } = (await poor.outcome()) as unknown as { output: TaskResult[] };
    expect(output.some(({ errorKind }) => errorKind === 'budgetExhausted')).toBe(true);
    expect((await control(runtime, poor).monitor()).consumedSteps).toBeLessThanOrEqual(3);
  }
});

test('a model call whose selection cannot be used is charged too', async () => {
  await using runtime = await testRuntime();
  const router = routers.selector({ model: scriptedModel(() => ({ text: 'Bob, I think.' })) });
  const handle = await runtime.start(orchestrator({ name: 'desk', members: names.map(echo), router }), 'Go.');
  expect(await handle.outcome()).toMatchObject({ output: { success: false, failure: { kind: 'format' } } });
  expect(await control(runtime, handle).monitor()).toMatchObject({ consumedSteps: 1 });
});

test('a selector that returns an unknown member or throws fails the task with the reason', async () => {
  const unknownMember = routers.selector({ choose: () => 'zed' });
  const desk = (router: Router) => orchestrator({ name: 'desk', members: names.map(echo), router });
  expect(await run(desk(unknownMember), 'x', { db: 'memory' })).toMatchObject({
    success: false,
    failure: { kind: 'capability', data: { refusedBy: 'selector' } },
  });
  const throwing = routers.selector({
    choose: () => {
      throw new Error('Who knows?');
    },
  });
  expect(await run(desk(throwing), 'x', { db: 'memory' })).toMatchObject({
    success: false,
    error: expect.stringMatching(/Who knows/),
  });
});

test('broadcast sends a task to all members, and returns all their answers', async () => {
  const desk = orchestrator({ name: 'desk', members: names.map(echo), router: routers.broadcast() });
  expect(await run(desk, 'x', { db: 'memory' })).toMatchObject({
    success: true,
    stepsUsed: 3,
    output: names.map((agentId) => ({ agentId, success: true, output: `${agentId}: x` })),
    metadata: { routing: { selected: 'ada,bob,cyd' } },
  });
});

test('a broadcast fails when one member fails, and keeps the other answers', async () => {
  const desk = orchestrator({ name: 'desk', members: [echo('ada'), broken('bob')], router: routers.broadcast() });
  const result = await run(desk, 'x', { db: 'memory' });
  expect(result).toMatchObject({ success: false, output: [{ success: true }, { success: false, agentId: 'bob' }] });
});

test.each([
  ['an unknown agent', routers.roundRobin(), { input: 'x', agentId: 'zed' }, /no member "zed"/],
  ['no agent, where the router chooses none', routers.direct(), { input: 'x' }, /names no agent/],
  ['a role that no member has', routers.role(), { input: 'x', metadata: { role: 'cook' } }, /role "cook"/],
  ['no role', routers.role(), { input: 'x' }, /no "role" in its metadata/],
  [
    'a message that no member handles',
    routers.leastBusy(),
    { input: { type: 'brief', body: 1 } },
    /takes the message "brief"/,
  ],
] as const)('%s is refused at once, with the reason', async (_, router, task, message) => {
  const members = [{ agent: echo('ada'), role: 'writer' }];
  const result = await run(
    orchestrator({ name: 'desk', members, router }),
    { ...task, correlationId: 'c-1' } as TaskSpec,
    { db: 'memory' },
  );
  expect(result).toMatchObject({
    success: false,
    agentId: '',
    errorKind: 'permanent',
    error: expect.stringMatching(message),
    failure: { kind: 'capability', data: { refusedBy: router.strategy.kind, candidates: ['ada'] } },
    metadata: { attempts: 0, correlationId: 'c-1', routing: { selected: '' } },
  });
});
