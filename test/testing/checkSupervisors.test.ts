/** `check` of guardrails and routers, with their members by contract: every task is answered, whatever the members do. */
import { describe, expect, test } from 'vitest';
import { assign, fromPromise, sendParent, setup } from 'xstate';
import { z } from 'zod';
import {
  agent,
  asTool,
  guarded,
  guardrails,
  machine,
  orchestrator,
  pipeline,
  protocol,
  roundRobin,
  routers,
  team,
  tool,
  until,
  type Router,
  type Runnable,
} from 'troupe';
import { check } from 'troupe/check';
import { dose } from '../dose.ts';
import { slow } from '../limits.ts';

const replyingAgent = (name: string, more: object = {}) => agent({ name, model: 'x:y', ...more });
const [ada, bob] = [replyingAgent('ada'), replyingAgent('bob')];
const clean = async (subject: Runnable) => {
  const report = await check(subject, { within: 100_000 * slow });
  expect(report.findings).toEqual([]);
  expect(report.bound).toBeUndefined();
  return report;
};

const strategies: Readonly<Record<string, Router>> = {
  direct: routers.direct(),
  roundRobin: routers.roundRobin(),
  firstAvailable: routers.firstAvailable(),
  leastBusy: routers.leastBusy(),
  role: routers.role({ fallback: routers.firstAvailable() }),
  sticky: routers.sticky(),
  broadcast: routers.broadcast(),
  selector: routers.selector({ choose: ({ candidates }) => candidates[0]!.id }),
};
const desk = (router: Router, more: object = {}) =>
  orchestrator({ name: 'desk', members: [{ agent: ada, role: 'critic' }, bob], router, deadline: '1h', ...more });

describe('an orchestrator', () => {
  test.each(Object.entries(strategies).slice(0, dose(1, 8)))(
    '%s: every task is answered, whatever its members do, and with one lost answer',
    async (_, router) => {
      expect((await clean(desk(router))).states).toBeGreaterThan(50);
    },
  );

  test.each((['sequential', 'pipeline', 'parallel:2'] as const).slice(0, dose(1, 3)))(
    'in the mode %s, with a retry',
    async (mode) => {
      await clean(desk(routers.roundRobin(), { mode, retry: { maxRetries: 4, backoff: '1s' } }));
    },
  );

  test('of a team, a guarded agent and an orchestrator', async () => {
    const members = [
      pipeline({ name: 'post', stages: [ada] }),
      guarded(bob, [guardrails.timeout({ max: '2m' })]),
      orchestrator({ name: 'pool', members: [replyingAgent('carl')] }),
    ];
    for (const member of members) {
      const one = orchestrator({ name: 'desk', members: [member], deadline: '1h' });
      expect((await check(one, { input: 'Do it.' })).findings).toEqual([]);
    }
  });

  test('without a timeout waits for ever after a lost answer: found, with the shortest trace', async () => {
    const { findings } = await check(orchestrator({ name: 'desk', members: [ada] }), { input: 'Do it.' });
    expect(findings).toMatchObject([{ kind: 'hang', trace: ['[drop] work → ada: the answer of work is lost'] }]);
    expect(findings[0]!.story).toContain("await check(desk, { input: 'Do it.' })");
    expect(findings[0]!.mermaid).toContain('sequenceDiagram');
  });
});

describe('a guarded runnable', () => {
  test('a guarded agent with a timeout and a breaker, and a guarded team', async () => {
    const rest = { after: 1, rest: '1m' } as const;
    await clean(guarded(ada, [guardrails.timeout({ max: '2m', trip: rest })]));
    await clean(guarded(ada, [guardrails.budget({ steps: 5 }), guardrails.timeout({ max: '2m' })]));
    await clean(guarded(ada, [guardrails.timeout({ max: '2m' }), guardrails.input([/secret/])]));
    const table = roundRobin({ name: 'table', members: [ada], until: until.maxTurns(1), deadline: '1m' });
    await clean(guarded(table, [guardrails.timeout({ max: '2m' })]));
  });

  test('without a timeout waits for ever after a lost answer', async () => {
    const { findings } = await check(guarded(ada, [guardrails.cancellation()]));
    expect(findings[0]).toMatchObject({ kind: 'hang', trace: ['[drop] work → ada: the answer of work is lost'] });
  });
});

test('a team with an orchestrator and a guarded member is checked by their contracts', async () => {
  const Desk = protocol({
    brief: { body: z.string(), replies: ['article'] },
    article: { body: z.string() },
  });
  const send = tool({
    name: 'send',
    description: 'Sends.',
    effect: 'write',
    approval: true,
    input: z.object({}),
    output: z.null(),
    run: () => null,
  });
  const writer = agent({ name: 'writer', protocol: Desk, handles: ['brief'], model: 'x:y', tools: [send] });
  const house = team({
    name: 'house',
    protocol: Desk,
    members: {
      pool: orchestrator({ name: 'pool', members: [writer] }),
      safe: guarded(writer, [guardrails.cancellation()]),
    },
    accepts: 'brief',
    returns: 'article',
    deadline: '1h',
    route: {
      brief: ({ body }, { to }) => to('pool', 'brief', body),
      article: ({ body }, { finish, count, to }) => (count('article') < 2 ? to('safe', 'brief', body) : finish(body)),
    },
  });
  await clean(house);
});

test('an agent with agents as tools is checked with every behaviour of theirs', async () => {
  const post = pipeline({ name: 'post', stages: [bob] });
  const tools = [asTool(ada, { description: 'Writes.' }), asTool(post, { description: 'Posts.', approval: true })];
  const { states } = await clean(replyingAgent('boss', { tools, deadline: '1h' }));
  expect(states).toBeGreaterThan((await clean(replyingAgent('boss', { deadline: '1h' }))).states);
  const forgetful = await check(replyingAgent('boss', { tools }));
  expect(forgetful.findings.flatMap(({ trace }) => trace)).toContain('callModel → boss: calls ada');
});

const worker = setup({
  actors: { work: fromPromise(() => Promise.resolve(null)) },
  actions: { note: assign({ failed: true }) },
}).createMachine({
  id: 'worker',
  initial: 'working',
  states: {
    working: { invoke: { src: 'work', onDone: 'over', onError: { target: 'over', actions: 'note' } } },
    over: { type: 'final' },
  },
  context: { failed: false },
  output: ({ context }) => (context.failed ? 'failure' : 'answer'),
});
/** A custom router; unless fixed it ignores the failure of its work. */
const ownRouter = (isFixed: boolean) =>
  machine(
    setup({
      actors: { worker },
      guards: { isAnswer: ({ event }) => (event as { output?: unknown }).output === 'answer' },
    }).createMachine({
      id: 'dispatcher',
      initial: 'routing',
      states: {
        routing: {
          invoke: {
            src: 'worker',
            id: 'worker',
            onDone: [{ guard: 'isAnswer', target: 'answered' }, isFixed ? { target: 'refused' } : {}],
            onError: 'refused',
          },
        },
        answered: { type: 'final' },
        refused: { type: 'final' },
      },
    }),
  );

test('a custom router that drops a reply is found with the shortest trace; the corrected one passes', async () => {
  const reliable = { faults: { drop: 0 }, samples: { work: [null] } };
  const { findings } = await check(ownRouter(false), reliable);
  expect(findings).toMatchObject([
    {
      kind: 'deadlock',
      trace: ['work → worker: work fails: transient', 'worker → dispatcher: ends with "failure"'],
      says: expect.stringContaining('dispatcher in "routing"') as string,
    },
  ]);
  expect((await check(ownRouter(true), reliable)).findings).toEqual([]);
});

const done = { status: 'completed', answer: { type: 'text', body: '' }, evidence: [] };
const usage = { steps: 0, inputTokens: 0, outputTokens: 0, cachedTokens: 0, toolCalls: 0, usd: 0 };
/** A supervisor without members: it accepts work, and answers it or loses it. */
const supervisor = (forgets: boolean) =>
  ({
    ...guarded(ada, [guardrails.cancellation()]),
    compile: () => ({
      machine: setup({
        actions: {
          answer: sendParent(({ event }) => ({
            type: 'work.done',
            id: (event as unknown as { id: string }).id,
            output: { ...done, usage },
          })),
        },
      }).createMachine({ id: 'supervisor', on: { work: forgets ? {} : { actions: 'answer' }, 'work.*': {} } }),
      options: {},
    }),
  }) as unknown as ReturnType<typeof agent>;

test('a supervisor that loses its work is found behind a router; one that answers passes', async () => {
  const forgetful = orchestrator({ name: 'desk', members: [supervisor(true)] });
  const { findings } = await check(forgetful, { input: 'Do it.', faults: { drop: 0 } });
  expect(findings).toMatchObject([{ kind: 'deadlock', trace: ['desk → ada: work'] }]);
  const sound = orchestrator({ name: 'desk', members: [supervisor(false)] });
  expect((await check(sound, { input: 'Do it.' })).findings).toEqual([]);
});
