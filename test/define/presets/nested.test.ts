/** Teams as members of teams. */
import { setup, sendParent, enqueueActions } from 'xstate';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, protocol, run, team, tool, type Team } from 'troupe';
import { check } from 'troupe/check';
import { crashEverywhere, expectSurvival, scriptedModel, simulate, testRuntime } from 'troupe/testing';
import type { LongLived } from '../../../src/define/member.ts';
import { dose } from '../../dose.ts';

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['article'] },
  article: { body: z.object({ text: z.string() }) },
});
const says = (text: string) =>
  scriptedModel(({ messages }) => ({
    calls: [{ name: 'answer_article', input: { text: `${text} ${JSON.stringify(messages[0]).includes('tea')}` } }],
  }));
const writer = agent({ name: 'writer', protocol: Desk, handles: ['brief'], model: says('Written') });
type Deskmate = typeof writer | Team<(typeof Desk)['messages'], 'brief', 'article'>;
const deskOf = (name: string, members: { writer: Deskmate }) =>
  team({
    name,
    protocol: Desk,
    members,
    accepts: 'brief',
    returns: 'article',
    deadline: '1h',
    route: {
      brief: ({ body }, { to }) => to('writer', 'brief', body),
      article: ({ body }, { finish }) => finish(body),
    },
  });
const desk = (name = 'desk', member: Deskmate = writer) => deskOf(name, { writer: member });
const levels = (depth: number): ReturnType<typeof desk> =>
  depth === 1 ? desk() : desk(`level-${depth}`, levels(depth - 1));

test('a team can be a member of a team, and its result is its answer', async () => {
  expect(await run(desk('house', desk()), { topic: 'tea' }, { db: 'memory' })).toEqual({ text: 'Written true' });
});

test('the usage of a nested team is charged to the outer team once', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const outcome = await (await runtime.start(levels(3), { topic: 'tea' })).outcome();
  expect(outcome).toMatchObject({ status: 'done', usage: { steps: 1 } });
});

test('the budget of the outer team limits a nested team', async () => {
  const poor = { ...desk('house', desk()), options: { budget: { steps: 0 } } };
  await expect(run(poor, { topic: 'tea' }, { db: 'memory' })).rejects.toMatchObject({ kind: 'budget' });
});

test('a cancel reaches an agent three teams down', async () => {
  await using runtime = await testRuntime();
  const slow = agent({ name: 'writer', protocol: Desk, handles: ['brief'], model: scriptedModel([{ hang: true }]) });
  const handle = await runtime.start(desk('a', desk('b', desk('c', slow))), { topic: 'tea' });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
});

test('the ticket of a tool three teams down belongs to the run', async () => {
  await using runtime = await testRuntime();
  const send = tool({
    name: 'send',
    description: 'Sends.',
    effect: 'write',
    approval: true,
    input: z.object({}),
    output: z.string(),
    run: () => 'sent',
  });
  const model = scriptedModel([
    { calls: [{ name: 'send', input: {} }] },
    { calls: [{ name: 'answer_article', input: { text: 'sent' } }] },
  ]);
  const sender = agent({ name: 'writer', protocol: Desk, handles: ['brief'], tools: [send], model });
  const handle = await runtime.start(desk('a', desk('b', desk('c', sender))), { topic: 'tea' });
  await runtime.settle();
  const [ticket] = await runtime.tickets(handle.id);
  await runtime.answer(ticket!.id, { approved: true });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: { text: 'sent' } });
});

test('teams can be nested eight levels deep and no deeper', async () => {
  expect(await run(levels(8), { topic: 'tea' }, { db: 'memory' })).toEqual({ text: 'Written true' });
  expect(() => levels(9)).toThrow(/8 levels deep; here it is more: level-9 > level-8/);
});

test('a team that contains itself is refused, and the message shows the cycle', async () => {
  const members: { writer: Deskmate } = { writer };
  const circle = deskOf('circle', members);
  members.writer = desk('inner', circle);
  await expect(run(circle, { topic: 'tea' }, { db: 'memory' })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('circle > inner > circle') as string,
  });
});
test('a member of the wrong type is refused with the reason', () => {
  expect(() => deskOf('desk', { writer: {} as never })).toThrow(/expected agent\(\{ … \}\), team/);
  expect(() => deskOf('desk', { writer, route: writer } as never)).toThrow(/a name that the runtime uses itself/);
});

/** The smallest long-lived supervisor: it has no members and answers itself. */
const echo = setup({
  types: {} as { events: { type: 'work'; id: string; message: { body: { topic: string } } } },
  actions: {
    answer: sendParent(({ event: { id, message } }) => ({
      type: 'work.done',
      id,
      output: {
        status: 'completed',
        answer: { type: 'article', body: { text: `Stood for ${message.body.topic}` } },
        evidence: [],
        usage: { steps: 1, inputTokens: 1, outputTokens: 1, cachedTokens: 0, toolCalls: 0, usd: 0 },
      },
    })),
    stand: enqueueActions(() => {}),
  },
}).createMachine({ id: 'echo', entry: 'stand', on: { work: { actions: 'answer' } } });
const standing: LongLived<(typeof Desk)['messages'], 'brief'> = {
  kind: 'guarded',
  name: 'writer',
  protocol: Desk,
  handles: ['brief'],
  members: {},
  compile: () => ({ machine: echo, options: {} }),
};

test('a long-lived supervisor can be a member of a team', async () => {
  const guarded = team({
    name: 'desk',
    protocol: Desk,
    members: { writer: standing },
    accepts: 'brief',
    returns: 'article',
    deadline: '1h',
    route: {
      brief: ({ body }, { to }) => to('writer', 'brief', body),
      article: ({ body }, { finish, count, to }) =>
        count('article') < 3 ? to('writer', 'brief', { topic: body.text }) : finish(body),
    },
  });
  const text = 'Stood for Stood for Stood for tea';
  expect(await run(guarded, { topic: 'tea' }, { db: 'memory' })).toEqual({ text });
  expect((await check(guarded)).findings).toEqual([]);
  const subject = { subject: guarded, input: { topic: 'tea' } };
  expectSurvival(await crashEverywhere(() => subject));
});

test('under every kind of fault nested teams end, and nothing is charged twice', async () => {
  expect((await check(levels(2))).findings).toEqual([]);
  const subject = { subject: levels(3), input: { topic: 'tea' } };
  expectSurvival(await crashEverywhere(() => subject));
  const { failures } = await simulate(() => subject, { seeds: dose(15, 300) });
  expect(failures).toEqual([]);
});
