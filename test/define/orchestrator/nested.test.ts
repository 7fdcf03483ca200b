/** Teams, orchestrators and guarded agents as members of an orchestrator; and an orchestrator as a member of a team. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  agent,
  guarded,
  guardrails,
  orchestrator,
  pipeline,
  protocol,
  roundRobin,
  routers,
  run,
  team,
  tool,
  until,
} from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { echo, scripted, silent } from './members.ts';

const db = { db: 'memory' } as const;
const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['article'] },
  article: { body: z.object({ text: z.string() }) },
});
const writer = (name: string, model = scriptedModel(() => answers(name))) =>
  agent({ name, protocol: Desk, handles: ['brief'], model, limits: { maxRetries: 0, maxAlternatives: 0 } });
const answers = (text: string) => ({ calls: [{ name: 'answer_article', input: { text } }] });
type Deskmate = ReturnType<typeof writer>;
const orchestratorOf = (...members: Deskmate[]) =>
  orchestrator({ name: 'pool', members, router: routers.roundRobin() });
const outerTeam = (pool: ReturnType<typeof orchestratorOf>, budget = {}, rounds = 1) =>
  team({
    name: 'house',
    protocol: Desk,
    members: { pool },
    accepts: 'brief',
    returns: 'article',
    deadline: '1h',
    budget,
    route: {
      brief: ({ body }, { to }) => to('pool', 'brief', body),
      article: ({ body }, { finish, count, to }) =>
        count('article') < rounds ? to('pool', 'brief', { topic: body.text }) : finish(body),
    },
  });
const tea = { topic: 'tea' };
const summary = (results: readonly { agentId: string; output: unknown; stepsUsed: number }[]) =>
  results.map(({ agentId, output, stepsUsed }) => [agentId, output, stepsUsed]);

describe('members of an orchestrator', () => {
  test('teams, guarded agents, agents and orchestrators take turns', async () => {
    const writers = pipeline({ name: 'post', stages: [echo('a'), echo('b')] });
    const safe = guarded(echo('carl'), [guardrails.timeout({ max: '1m' })]);
    const pool = orchestrator({ name: 'pool', members: [echo('x'), echo('y')], router: routers.roundRobin() });
    const members = { writers, safe, alice: echo('alice'), pool };
    const desk = orchestrator({ name: 'desk', members, router: routers.roundRobin() });
    const results = await run(desk, { tasks: ['1', '2', '3', '4', '5', '6', '7', '8'] }, db);
    expect(summary(results)).toEqual([
      ['writers', 'b: a: 1', 2],
      ['safe', 'carl: 2', 1],
      ['alice', 'alice: 3', 1],
      ['pool', 'x: 4', 1],
      ['writers', 'b: a: 5', 2],
      ['safe', 'carl: 6', 1],
      ['alice', 'alice: 7', 1],
      ['pool', 'y: 8', 1],
    ]);
  });

  test('a guardrail of a member lives as long as the run: its rate limit holds over all tasks', async () => {
    const safe = guarded(echo('carl'), [guardrails.rateLimit({ tasks: 2, per: '1h' })]);
    const tasks = ['1', '2', '3'];
    const inFront = [guardrails.timeout({ max: '1m' })];
    for (const rails of [[], inFront]) {
      const desk = orchestrator({ name: 'desk', members: [safe], mode: 'sequential', guardrails: rails });
      const results = await run(desk, { tasks }, db);
      expect(results.map(({ success, metadata }) => [success, metadata.guardrail?.name])).toEqual([
        [true, undefined],
        [true, undefined],
        [false, 'rateLimit'],
      ]);
    }
  });

  test('guardrails of an orchestrator also apply to members that are teams and orchestrators', async () => {
    const desk = orchestrator({
      name: 'desk',
      members: [pipeline({ name: 'post', stages: [echo('a')] }), orchestrator({ name: 'pool', members: [echo('x')] })],
      router: routers.roundRobin(),
      guardrails: [guardrails.input([/secret/])],
    });
    const results = await run(desk, { tasks: ['a secret', 'a secret', 'tea', 'tea'] }, db);
    expect(results.map(({ output, failure }) => output ?? failure?.kind)).toEqual([
      'denied',
      'denied',
      'a: tea',
      'x: tea',
    ]);
  });

  test('a team with a protocol receives and answers in its own messages; a task that does not fit is refused at once', async () => {
    const desk = orchestrator({ name: 'desk', members: [outerTeam(orchestratorOf(writer('ada')))] });
    const task = { input: { type: 'brief', body: tea } };
    expect((await run(desk, task, db)).output).toEqual({ type: 'article', body: { text: 'ada' } });
    await expect(run(desk, { input: { type: 'brief', body: {} } }, db)).rejects.toMatchObject({ kind: 'invalid' });
    expect(await run(desk, 'a text', db)).toMatchObject({ success: false, failure: { kind: 'capability' } });
  });

  test('the steps of a team are bounded by the remaining step budget', async () => {
    const table = roundRobin({ name: 'table', members: [echo('a'), echo('b')], until: until.maxTurns(6) });
    const desk = orchestrator({ name: 'desk', members: [table], budget: { maxTotalSteps: 4 } });
    const result = await run(desk, 'tea', db);
    expect(result).toMatchObject({ success: false, errorKind: 'budgetExhausted', stepsUsed: 4 });
  });

  test('the failure of a member is a result with its kind, and another member can retry the task', async () => {
    const failing = pipeline({
      name: 'post',
      stages: [scripted('a', [{ error: { kind: 'transient', message: 'away' } }])],
    });
    const desk = orchestrator({
      name: 'desk',
      members: [failing, echo('b')],
      router: routers.roundRobin(),
      retry: { maxRetries: 1 },
    });
    expect(await run(desk, 'tea', db)).toMatchObject({ success: true, agentId: 'b', metadata: { attempts: 2 } });
  });

  test('a cancel reaches every working actor at any depth, and no actor stays active', async () => {
    await using runtime = await testRuntime();
    const pool = orchestrator({ name: 'pool', members: [silent('deep')] });
    const post = pipeline({ name: 'post', stages: [silent('a')] });
    const safe = guarded(silent('carl'), [guardrails.timeout({ max: '1h' })]);
    const desk = orchestrator({ name: 'desk', members: [post, pool, safe], router: routers.roundRobin() });
    const handle = await runtime.start(desk, { tasks: ['1', '2', '3'] });
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'orchestra.cancel', reason: 'enough' });
    await runtime.settle();
    const outcome = await handle.outcome();
    expect(outcome).toMatchObject({
      status: 'cancelled',
      partial: [
        { metadata: { cancelled: true } },
        { metadata: { cancelled: true } },
        { metadata: { cancelled: true } },
      ],
    });
    expect((await runtime.journal.find({ run: handle.id })).filter(({ status }) => status === 'active')).toEqual([]);
  });
});

describe('an orchestrator in a team', () => {
  test('handles the messages of its members and answers with their answers, turn after turn', async () => {
    const outer = outerTeam(orchestratorOf(writer('ada'), writer('bob')), {}, 3);
    const text = await run(outer, tea, db);
    expect(text).toEqual({ text: 'ada' });
  });

  test('can be a stage of a pipeline when its members use text', async () => {
    const pool = orchestrator({ name: 'pool', members: [echo('x'), echo('y')], router: routers.roundRobin() });
    expect(await run(pipeline({ name: 'post', stages: [echo('a'), pool, echo('b')] }), 'tea', db)).toBe('b: x: a: tea');
  });

  test('is refused in the definition of the team when it answers with a list', () => {
    const all = orchestrator({ name: 'pool', members: [writer('ada')], router: routers.broadcast() });
    expect(() => outerTeam(all)).toThrow(/answers with a list, which is no message of the protocol/);
    const texts = orchestrator({ name: 'pool', members: [echo('x')], router: routers.broadcast() });
    expect(() => pipeline({ name: 'post', stages: [texts] })).toThrow(/Let it choose one: another router/);
    const mixed = orchestrator({ name: 'pool', members: [writer('ada'), echo('x')] });
    expect(() => pipeline({ name: 'post', stages: [mixed as never] })).toThrow(/must take the same message/);
  });

  test('teams and orchestrators can be nested eight levels deep, and never in a cycle', async () => {
    const level = (depth: number): ReturnType<typeof orchestratorOf> =>
      orchestratorOf((depth === 1 ? writer('ada') : outerTeam(level(depth - 2))) as never);
    expect(await run(outerTeam(level(7)), tea, db)).toEqual({ text: 'ada' });
    expect(() => level(9)).toThrow(/8 levels deep; here it is more: pool > house/);
    const circle = { ...orchestratorOf(writer('ada')), members: [] as object[] };
    circle.members.push({ id: 'house', agent: outerTeam(circle as never) });
    await expect(run(circle as never, 'tea', db)).rejects.toMatchObject({ kind: 'definition' });
  });

  test('a pause reaches its members, and no attempt starts until it is resumed', async () => {
    await using runtime = await testRuntime();
    const pool = orchestrator({ name: 'pool', members: [{ agent: writer('ada'), capacity: 1 }] });
    const outer = outerTeam(pool as never);
    const handle = await runtime.start(outer, tea);
    await runtime.signal(handle.root, { type: 'run.pause' });
    await runtime.settle();
    const before = runtime.seen.length;
    await runtime.advance('10m');
    expect(runtime.seen.slice(before).filter(({ type }) => type === 'commit')).toEqual([]);
    await runtime.signal(handle.root, { type: 'run.resume' });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'done' });
  });

  test('it is stopped by the deadline of the run, and tickets of its members belong to the run', async () => {
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
    const model = scriptedModel([{ calls: [{ name: 'send', input: {} }] }, answers('sent')]);
    const ada = agent({ name: 'ada', protocol: Desk, handles: ['brief'], tools: [send], model });
    const handle = await runtime.start(outerTeam(orchestratorOf(ada)), tea);
    await runtime.settle();
    const [ticket] = await runtime.tickets(handle.id);
    await runtime.answer(ticket!.id, { approved: true });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'done', output: { text: 'sent' } });

    const bob = writer(
      'bob',
      scriptedModel(() => ({ hang: true })),
    );
    const slow = await runtime.start(outerTeam(orchestratorOf(bob)), tea, { deadline: '30s' });
    await runtime.advance('31s');
    expect(await slow.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
    expect((await runtime.journal.find({ run: slow.id })).filter(({ status }) => status === 'active')).toEqual([]);
  });

  test("the usage of its members is charged to the team once, and the team's budget limits them", async () => {
    await using runtime = await testRuntime();
    const outer = outerTeam(orchestratorOf(writer('ada'), writer('bob')), { steps: 5 }, 3);
    const handle = await runtime.start(outer, tea);
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'done', usage: { steps: 3 } });
    const poor = await runtime.start(outerTeam(orchestratorOf(writer('ada')), { steps: 2 }, 3), tea);
    await runtime.settle();
    expect(await poor.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
  });
});
