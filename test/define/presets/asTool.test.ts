/** `asTool(…)`: agents and teams as tools of an agent. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  agent,
  asTool,
  guarded,
  guardrails,
  openRuntime,
  orchestrator,
  pipeline,
  protocol,
  routers,
  run,
  tool,
} from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, simulate, testRuntime } from 'troupe/testing';
import { callingModel, db, replyingAgent } from './participants.ts';
import { dose } from '../../dose.ts';

const researcher = replyingAgent('researcher', (prompt) => `facts on ${prompt}`);
const description = 'Finds facts.';
const editor = (...tools: ReturnType<typeof asTool>[]) =>
  agent({
    name: 'editor',
    deadline: '1h',
    tools,
    // A text is the argument "task" of an agent, and "value" of a team.
    model: callingModel(
      ...tools.map(({ name, schema }) => ({ name, input: { [Object.keys(schema['properties'] ?? {})[0]!]: 'tea' } })),
    ),
  });

describe('an agent as a tool', () => {
  test('does the work of a call, and its answer is the result', async () => {
    expect(await run(editor(asTool(researcher, { description })), 'Write.', db)).toBe('facts on tea');
  });

  test('is charged to its caller once', async () => {
    await using runtime = await openRuntime(db);
    const both = editor(asTool(researcher, { description }), asTool(replyingAgent('critic'), { description }));
    const outcome = await (await runtime.start(both, 'Write.')).outcome();
    expect(outcome).toMatchObject({ output: 'facts on tea | tea>critic', usage: { steps: 4, toolCalls: 2 } });
    const rows = await runtime.journal.find({});
    expect(rows.map(({ actor }) => actor.slice(0, actor.indexOf('/'))).sort()).toEqual([
      'agent',
      'delegate',
      'delegate',
      'delegate.critic',
      'delegate.researcher',
    ]);
  });

  test('receives a part of the remaining budget of its caller', async () => {
    const busy = agent({
      name: 'busy',
      tools: [
        tool({ name: 'look', description: 'Looks.', input: z.object({}), output: z.string(), run: () => 'more' }),
      ],
      model: scriptedModel(() => ({ calls: [{ name: 'look', input: {} }] })),
    });
    const poor = agent({
      name: 'poor',
      budget: { steps: 6 },
      tools: [asTool(busy, { description })],
      model: callingModel({ name: 'busy', input: { task: 'tea' } }),
    });
    await using runtime = await openRuntime(db);
    const outcome = await (await runtime.start(poor, 'Write.')).outcome();
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' }, usage: { steps: 6 } });
  });

  test('that fails is reported to the model with the reason', async () => {
    const broken = agent({ name: 'broken', model: scriptedModel(() => ({ error: { status: 401 } })) });
    expect(await run(editor(asTool(broken, { description })), 'Write.', db)).toMatch(/^"broken" could not do it: /);
  });

  test('opens its tickets in the run of its caller', async () => {
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
    const clerk = agent({ name: 'clerk', tools: [send], model: callingModel({ name: 'send', input: {} }) });
    const handle = await runtime.start(editor(asTool(clerk, { description })), 'Write.');
    await runtime.settle();
    const [ticket, ...others] = await runtime.tickets(handle.id);
    expect(others).toEqual([]);
    expect(ticket!.question).toContain('send');
    await runtime.answer(ticket!.id, { approved: true });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'sent' });
  });

  test('can require an approval before it starts', async () => {
    await using runtime = await testRuntime();
    const handle = await runtime.start(editor(asTool(researcher, { description, approval: true })), 'Write.');
    await runtime.settle();
    const [ticket] = await runtime.tickets(handle.id);
    await runtime.answer(ticket!.id, { approved: false, note: 'too dear' });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ output: expect.stringContaining('too dear') as string });
  });

  test('is cancelled and paused together with its caller', async () => {
    await using runtime = await testRuntime();
    const slow = agent({ name: 'slow', model: scriptedModel([{ hang: true }]) });
    const handle = await runtime.start(editor(asTool(slow, { description })), 'Write.');
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'agent.pause' });
    await runtime.settle();
    const [child] = (await runtime.journal.find({ run: handle.id })).filter(({ actor }) =>
      actor.startsWith('delegate/'),
    );
    expect(child!.state).toContain('pausing');
    await runtime.signal(handle.root, { type: 'agent.resume' });
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'enough' });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
    const rows = await runtime.journal.find({ run: handle.id });
    expect(rows.filter(({ status }) => status === 'active')).toEqual([]);
  });
});

describe('the usage of an agent that is stopped while it works as a tool is charged:', () => {
  /** Makes one call, and then hangs. */
  const clerk = () => {
    const look = tool({
      name: 'look',
      description: 'Looks.',
      input: z.object({}),
      output: z.string(),
      run: () => 'more',
    });
    const model = scriptedModel(({ messages }) =>
      messages.length > 1 ? { hang: true } : { calls: [{ name: 'look', input: {} }] },
    );
    return agent({ name: 'clerk', tools: [look], model });
  };
  const both = { steps: 2, toolCalls: 2 };

  test('when its caller is cancelled', async () => {
    await using runtime = await testRuntime();
    const handle = await runtime.start(editor(asTool(clerk(), { description })), 'Write.');
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'enough' });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'cancelled', usage: both });
    const rows = await runtime.journal.find({ run: handle.id });
    expect(rows.filter(({ status }) => status !== 'done')).toEqual([]);
    expect(rows.find(({ actor }) => actor.startsWith('delegate/'))!.state).toBe('cancelled');
  });

  test('when the deadline of its caller passes', async () => {
    await using runtime = await testRuntime();
    const model = callingModel({ name: 'clerk', input: { task: 'tea' } });
    const hasty = agent({ name: 'hasty', deadline: '1m', tools: [asTool(clerk(), { description })], model });
    const handle = await runtime.start(hasty, 'Write.');
    await runtime.settle();
    await runtime.advance('61s');
    expect(await handle.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'budget' }, usage: both });
  });

  test("to the budget of its caller's team", async () => {
    await using runtime = await testRuntime();
    const desk = pipeline({ name: 'desk', stages: [editor(asTool(clerk(), { description }))], budget: { steps: 9 } });
    const handle = await runtime.start(desk, 'Write.');
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'cancelled', usage: both });
  });

  test('and an agent that ignores its cancel does not delay its caller', async () => {
    await using runtime = await testRuntime();
    const stubborn = agent({
      name: 'stubborn',
      model: scriptedModel([{ hang: true }]),
      cleanUp: () => new Promise<void>(() => {}),
    });
    const handle = await runtime.start(editor(asTool(stubborn, { description })), 'Write.');
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'enough' });
    await runtime.advance('3s');
    expect(await handle.outcome()).toMatchObject({ status: 'cancelled', usage: { steps: 1 } });
    const rows = await runtime.journal.find({ run: handle.id });
    expect(rows.filter(({ status }) => status === 'active')).toEqual([]);
  });
});

describe('a team as a tool', () => {
  const post = pipeline({ name: 'post', stages: [replyingAgent('a'), replyingAgent('b')] });

  test('takes the input of the team', async () => {
    const boss = agent({
      name: 'boss',
      tools: [asTool(post, { description, name: 'publish' })],
      model: callingModel({ name: 'publish', input: { value: 'tea' } }),
    });
    expect(await run(boss, 'Go.', db)).toBe('tea>a>b');
  });

  test('a call with invalid arguments is not made, and the model is told why', async () => {
    const wrong = agent({
      name: 'wrong',
      tools: [asTool(post, { description }), asTool(researcher, { description })],
      model: callingModel({ name: 'post', input: {} }, { name: 'researcher', input: { task: '' } }),
    });
    expect(await run(wrong, 'Go.', db)).toMatch(/^Not made: .* came without|^Not made: .*expected string.*Not made: /s);
  });

  test("that is paused receives the team's own pause signal", async () => {
    await using runtime = await testRuntime();
    const slow = pipeline({ name: 'slow', stages: [agent({ name: 'a', model: scriptedModel([{ hang: true }]) })] });
    const model = callingModel({ name: 'slow', input: { value: 'tea' } });
    const handle = await runtime.start(agent({ name: 'boss', tools: [asTool(slow, { description })], model }), 'Go.');
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'agent.pause' });
    await runtime.settle();
    const rows = await runtime.journal.find({ run: handle.id });
    expect(rows.find(({ snapshot }) => (snapshot as { machine?: string }).machine === 'run')!.state).toContain(
      'paused',
    );
  });
});

describe('an invalid asTool() is refused in the definition:', () => {
  const nest = (depth: number): ReturnType<typeof replyingAgent> =>
    depth === 0
      ? researcher
      : agent({ name: `level-${depth}`, model: callingModel(), tools: [asTool(nest(depth - 1), { description })] });
  const Two = protocol({
    one: { body: z.string(), replies: ['end'] },
    two: { body: z.string(), replies: ['end'] },
    end: { body: z.string() },
  });
  test.each([
    ['a value that is not runnable', () => asTool({} as never, { description }), /asTool\(\) takes agent/],
    ['no description', () => asTool(researcher, { description: ' ' }), /needs a description/],
    ['a name no model can call', () => asTool(researcher, { description, name: 'find facts' }), /A-Z a-z 0-9/],
    [
      'two tools of one name',
      () => editor(asTool(researcher, { description }), asTool(researcher, { description })),
      /two tools/,
    ],
    ['more than 8 levels', () => nest(9), /8 levels deep; here it is more: level-9/],
    [
      'more than one message',
      () =>
        asTool(agent({ name: 'two', protocol: Two, handles: ['one', 'two'], model: callingModel() }), { description }),
      /must handle one message/,
    ],
  ])('%s', (_, make, words) => {
    expect(make).toThrow(words);
  });
});

test('under every kind of fault, agents that work as tools end with their caller, and nothing is charged twice', async () => {
  const subject = editor(asTool(researcher, { description }), asTool(replyingAgent('critic'), { description }));
  const scenario = { subject, input: 'Write.' };
  expectSurvival(await crashEverywhere(() => scenario, { sample: dose(6, 60) }));
  expect((await simulate(() => scenario, { seeds: dose(10, 300) })).failures).toEqual([]);
});

const post = pipeline({ name: 'post', stages: [researcher, replyingAgent('writer')] });
const pool = (router = routers.firstAvailable()) =>
  orchestrator({ name: 'pool', members: [researcher, replyingAgent('scout')], router });
const limited = [guardrails.timeout({ max: '2h' }), guardrails.input([/forbidden/]), guardrails.output([/top secret/])];
const found = 'facts on tea';

describe('every kind of definition as a tool', () => {
  const kinds: [string, Parameters<typeof asTool>[0], string][] = [
    ['a guarded agent', guarded(researcher, limited), found],
    ['an agent guarded twice', guarded(guarded(researcher, limited), [guardrails.tool({ name: 'own' })]), found],
    ['a guarded team', guarded(post, limited), `${found}>writer`],
    ['an orchestrator', pool(), found],
    ['an orchestrator that gives every task to all', pool(routers.broadcast()), `${found}|tea>scout`],
    [
      'an orchestrator with guardrails',
      orchestrator({ name: 'pool', members: { researcher }, guardrails: limited }),
      found,
    ],
    [
      'an orchestrator of everything else',
      orchestrator({
        name: 'all',
        members: [guarded(post, limited), pool(), researcher],
        router: routers.direct(),
      }),
      '"all" could not do it: ',
    ],
    ['an orchestrator in an orchestrator', orchestrator({ name: 'outer', members: { pool: pool() } }), found],
    ['a team with a guarded member', pipeline({ name: 'post', stages: [guarded(researcher, limited)] }), found],
  ];

  test.each(kinds)('%s does the work of a call and is charged to its caller', async (_, subject, answer) => {
    await using runtime = await testRuntime();
    const handle = await runtime.start(editor(asTool(subject, { description })), 'Write.');
    await runtime.advance('10m');
    const outcome = await handle.outcome();
    expect(outcome).toMatchObject({ status: 'done', usage: { toolCalls: 1 } });
    const text = 'output' in outcome && typeof outcome.output === 'string' ? outcome.output : '';
    for (const part of answer.split('|')) expect(text).toContain(part);
    // Two answers of the editor, and those of whoever did the work.
    const workers = answer.startsWith('"all"')
      ? 0
      : answer.split(/[|>]/).length - (answer.includes('tea>scout') ? 1 : 0);
    expect('usage' in outcome && outcome.usage?.steps).toBe(2 + workers);
    expect(await runtime.journal.find({ status: 'active' })).toEqual([]);
  });

  test.each(kinds.slice(0, 6))(
    '%s that is cancelled while it works has ended before its caller',
    async (_, subject) => {
      await using runtime = await testRuntime();
      const handle = await runtime.start(editor(asTool(subject, { description })), 'Write.');
      await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'enough' });
      await runtime.advance('5m');
      expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
      expect(await runtime.journal.find({ status: 'active' })).toEqual([]);
    },
  );

  test('a guardrail that rejects the work of a call says why to the model', async () => {
    const asked = agent({
      name: 'editor',
      tools: [asTool(guarded(researcher, limited), { description })],
      model: callingModel({ name: 'researcher', input: { task: 'a forbidden thing' } }),
    });
    expect(await run(asked, 'Write.', db)).toMatch(/"researcher" could not do it: .*"input" rejected it \(pre\)/);
  });

  test('a required timeout is that of what is guarded, in a team and as a tool', async () => {
    const strict = [guardrails.timeout({ max: '5m', requireExplicit: true })];
    const timed = agent({
      name: 'timed',
      deadline: '2m',
      model: scriptedModel(() => ({ text: 'in time' })),
    });
    const called = agent({
      name: 'editor',
      tools: [asTool(guarded(timed, strict), { description })],
      model: callingModel({ name: 'timed', input: { task: 'x' } }),
    });
    expect(await run(called, 'Write.', db)).toBe('in time');
    expect(await run(pipeline({ name: 'post', stages: [guarded(timed, strict)] }), 'Write.', db)).toBe('in time');
  });

  test('a worker of a supervisor may be an orchestrator or guarded, and survives a crash at any of a sample of points', async () => {
    const subject = editor(asTool(guarded(post, limited), { description }), asTool(pool(), { description }));
    expectSurvival(await crashEverywhere(() => ({ subject, input: 'Write.' }), { sample: dose(6, 60) }));
  });
});
