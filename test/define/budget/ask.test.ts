/** onExhausted "ask": when a budget is used up, a person is asked for more, and the run continues with the grant. */
import { expect, test } from 'vitest';
import type { Json } from 'troupe';
import { testRuntime, type TestRuntime } from 'troupe/testing';
import { budgetTeam } from './budgetTeam.ts';

const subjects = {
  team: () => [budgetTeam({ steps: 4 }, { onExhausted: 'ask' }), { ada: 5, bob: 2 }] as const,
  'team of which one asks': () => [budgetTeam({ steps: 2 }, { onExhausted: 'ask' }), { ada: 4, bob: 0 }] as const,
  member: () => [budgetTeam({}, { ada: { budget: { steps: 2 }, onExhausted: 'ask' } }), { ada: 4, bob: 0 }] as const,
};

async function runUntilAsked(runtime: TestRuntime, subject: keyof typeof subjects) {
  const [team, order] = subjects[subject]();
  const handle = await runtime.start(team, order);
  await runtime.settle();
  const waiting = await handle.outcome({ returnWhenWaiting: true });
  if (waiting.status !== 'waiting') throw new Error(`Nobody was asked: ${JSON.stringify(waiting)}`);
  return { handle, ticket: waiting.tickets[0]!, tickets: waiting.tickets };
}
async function runWithAnswer(runtime: TestRuntime, subject: keyof typeof subjects, answer: Json) {
  const { handle, ticket } = await runUntilAsked(runtime, subject);
  await runtime.answer(ticket.id, answer, 'Grace');
  await runtime.settle();
  return handle.outcome({ returnWhenWaiting: true });
}

test.each(Object.keys(subjects) as (keyof typeof subjects)[])(
  'a %s whose budget is used up asks a person once, and continues with what is granted',
  async (name) => {
    await using runtime = await testRuntime();
    const { tickets } = await runUntilAsked(runtime, name);
    expect(tickets).toHaveLength(1);
    await using another = await testRuntime();
    expect(await runWithAnswer(another, name, { granted: { steps: 10 } })).toMatchObject({ status: 'done' });
  },
);

test.each(Object.keys(subjects) as (keyof typeof subjects)[])(
  'a %s whose request is refused fails, and names the person and the reason',
  async (name) => {
    await using runtime = await testRuntime();
    const outcome = await runWithAnswer(runtime, name, { refused: 'the month is over' });
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect('failure' in outcome && outcome.failure!.message).toMatch(/Grace gave no more: the month is over/);
  },
);

test.each(Object.keys(subjects) as (keyof typeof subjects)[])(
  'a %s whose request is answered with a refusal and an amount at once gets nothing',
  async (name) => {
    await using runtime = await testRuntime();
    const outcome = await runWithAnswer(runtime, name, { refused: 'no', granted: { steps: 10 } });
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect('failure' in outcome && outcome.failure!.message).toMatch(/Grace gave no more: no/);
  },
);

test.each(Object.keys(subjects) as (keyof typeof subjects)[])(
  'a %s whose request is not answered fails at the deadline of the ticket',
  async (name) => {
    await using runtime = await testRuntime();
    const { handle } = await runUntilAsked(runtime, name);
    await runtime.advance('11h');
    expect((await runtime.tickets(handle.id)).length).toBe(1);
    await runtime.advance('1h');
    const outcome = await handle.outcome();
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect('failure' in outcome && outcome.failure!.message).toMatch(/Nobody answered/);
  },
);

test('the ticket shows the budget, its use by each member, and the amount requested', async () => {
  await using runtime = await testRuntime();
  const { ticket } = await runUntilAsked(runtime, 'team');
  expect(ticket.question).toBe(
    'The team "desk" has used 4 of 4 steps, and needs more to go on. Grant more, or refuse?',
  );
  expect(ticket.subject).toMatchObject({
    tool: 'budget',
    input: {
      budget: { steps: 4 },
      used: { steps: 4 },
      by: { ada: { steps: 2 }, bob: { steps: 2 } },
      asked: { steps: 1 },
    },
  });
});

test('an answer that is not a grant is refused, and the ticket stays open', async () => {
  await using runtime = await testRuntime();
  const { handle, ticket } = await runUntilAsked(runtime, 'team');
  for (const wrong of [
    'yes',
    { granted: { steps: -1 } },
    { granted: { steps: 1.5 } },
    { granted: { euros: 3 } },
    { yes: true },
  ])
    await expect(runtime.answer(ticket.id, wrong, 'Grace')).rejects.toMatchObject({ kind: 'invalid' });
  expect(await runtime.tickets(handle.id)).toHaveLength(1);
});

test('an answer that grants nothing counts as a refusal', async () => {
  await using runtime = await testRuntime();
  expect(await runWithAnswer(runtime, 'team', {})).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
});

test('a member that is granted too little asks again', async () => {
  await using runtime = await testRuntime();
  expect(await runWithAnswer(runtime, 'member', { granted: { steps: 1 } })).toMatchObject({ status: 'waiting' });
});

test('a cancelled run withdraws its question', async () => {
  await using runtime = await testRuntime();
  const { handle } = await runUntilAsked(runtime, 'team');
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  expect(await runtime.tickets(handle.id)).toEqual([]);
});

test('a message from outside the run cannot grant a budget to an agent or to a treasurer', async () => {
  await using runtime = await testRuntime();
  const { handle } = await runUntilAsked(runtime, 'team');
  const rows = await runtime.journal.find({ run: handle.id, status: 'active' });
  for (const { actor } of rows)
    await expect(
      runtime.signal(actor, { type: 'treasury.granted', id: 'lease/0.0', budget: { steps: 1_000 } }),
    ).rejects.toMatchObject({ kind: 'invalid' });
});
