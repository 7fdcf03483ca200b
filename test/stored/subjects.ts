/** What runs in the stored journals. These definitions stay as they were when the journals were written: a stored run needs the definition it was started with. */
import { assign, sendParent, sendTo, setup } from 'xstate';
import { z } from 'zod';
import {
  agent,
  all,
  effect,
  guarded,
  guardrails,
  machine,
  orchestrator,
  protocol,
  routers,
  team,
  type OrchestratorOptions,
  type Runnable,
  type TeamOptions,
} from 'troupe';
import { engineActions, type MessageMeta } from 'troupe/machines';
import { scriptedModel, scriptedTool } from 'troupe/testing';

/** Longer than what a journal keeps inline (256 × 1,024 characters of JSON). */
const long = 'tea '.repeat(70_000);

export interface World {
  /** Every call of a model, a tool or an effect, oldest first. */
  readonly calls: string[];
  /** Does the member Bob of the pool fail? */
  readonly isBobAway?: boolean;
}

/** An agent that analyses, plans, reads something large, writes, and sends a mail when a person agrees. */
function secretary({ calls }: World) {
  const look = scriptedTool({ name: 'look' }, () => (calls.push('look'), { output: long }));
  const note = scriptedTool(
    { name: 'note', effect: 'write', idempotent: true },
    () => (calls.push('note'), { output: 'noted', takes: '2s' }),
  );
  const send = scriptedTool(
    { name: 'send', effect: 'write', approval: true },
    () => (calls.push('send'), { output: 'sent' }),
  );
  return agent({
    name: 'secretary',
    instructions: 'Send mail when asked.',
    tools: [look, note, send],
    analysis: 'model',
    planning: 'model',
    budget: { steps: 20, usd: 1 },
    objectives: [{ id: 'sent', says: 'The mail was sent.', check: () => ({ met: true, says: 'It was sent.' }) }],
    model: scriptedModel(({ messages, tools }) => {
      const usage = { usd: 0.01 };
      const [asks] = tools;
      if (asks?.name === 'state_requirements') {
        calls.push('model: requirements');
        const input = { objective: 'A mail to Ada.', requirements: ['polite'], risks: ['it is late'] };
        return { calls: [{ name: 'state_requirements', input }], usage };
      }
      if (asks?.name === 'make_plan') {
        calls.push('model: plan');
        const step = { id: 'mail', goal: 'Send it.', dependsOn: [], tool: 'send', expected: 'sent', verification: 'x' };
        return { calls: [{ name: 'make_plan', input: { steps: [step] } }], usage };
      }
      const turn = messages.filter(({ role }) => role === 'assistant').length;
      calls.push(`model: turn ${turn}`);
      const turns = [
        { calls: [{ name: 'look' }, { name: 'note', input: { line: 'one' } }], usage },
        { calls: [{ name: 'send', input: { to: 'ada', text: 'Tea?' } }], usage },
      ];
      return turns[turn] ?? { text: 'It is sent.', usage };
    }),
  });
}

/** A clerk behind guardrails: writing needs a person, and what is said is looked at. */
function clerk({ calls }: World) {
  const put = scriptedTool(
    { name: 'put', effect: 'write', idempotent: true },
    () => (calls.push('put'), { output: 'done' }),
  );
  const model = scriptedModel(({ messages }) => {
    calls.push(`model: clerk ${messages.length}`);
    return messages.length === 1 ? { calls: [{ name: 'put', input: { what: 'tea' } }] } : { text: 'Tea is in place.' };
  });
  return guarded(agent({ name: 'clerk', tools: [put], model }), [
    guardrails.timeout({ max: '47h' }),
    guardrails.rateLimit({ tasks: 10, per: '1h' }),
    guardrails.output(['forbidden']),
    guardrails.tool({ writes: 'ask' }),
  ]);
}

const Desk = protocol({
  order: { body: z.object({ ada: z.number(), bob: z.number() }) },
  think: { body: z.object({ thoughts: z.number() }), replies: ['thought'] },
  thought: { body: z.object({ after: z.number() }) },
  result: { body: z.object({ thoughts: z.number() }) },
});

/** Thinks as often as it is told to; each time takes a minute and costs a cent. */
const thinker = (name: string, { calls }: World) =>
  agent({
    name,
    protocol: Desk,
    handles: ['think'],
    tools: [
      scriptedTool(
        { name: 'ponder', effect: 'write', idempotent: true, timeout: '1h', input: z.object({ n: z.number() }) },
        ({ input: { n } }) => (calls.push(`ponder: ${name} ${n}`), { output: null, takes: '1m' }),
      ),
    ],
    model: scriptedModel(({ messages }) => {
      const [task] = messages;
      const wanted = Number(/"thoughts": (\d+)/.exec(task?.role === 'user' ? task.text : '')?.[1]);
      const done = messages.filter(({ role }) => role === 'assistant').length;
      calls.push(`model: ${name} ${done}`);
      const usage = { usd: 0.01 };
      return done + 1 < wanted
        ? { calls: [{ name: 'ponder', input: { n: done } }], usage }
        : { calls: [{ name: 'answer_thought', input: { after: done + 1 } }], usage };
    }),
  });

/** Ada and Bob think side by side on one budget. */
function desk(
  world: World,
  name: string,
  options: Pick<TeamOptions<never, never, never, never>, 'budget' | 'onExhausted'>,
) {
  return team({
    name,
    protocol: Desk,
    members: { ada: thinker('ada', world), bob: thinker('bob', world) },
    accepts: 'order',
    returns: 'result',
    ...options,
    route: {
      order: ({ body }, { to }) =>
        all(to('ada', 'think', { thoughts: body.ada }), to('bob', 'think', { thoughts: body.bob })),
      thought: (_, { finish, last, count }) => {
        const { ada, bob } = last('order');
        return count('thought') < 2 ? all() : finish({ thoughts: ada + bob });
      },
    },
  });
}

/** Three members in turn, two tasks at once, behind guardrails; one of them is guarded itself, and Bob may be away. */
function pool(world: World) {
  const { calls, isBobAway = false } = world;
  const echo = (name: string) =>
    agent({
      name,
      model: scriptedModel(({ messages: [task] }) => {
        const text = task?.role === 'user' ? task.text : '';
        calls.push(`model: ${name} ${text}`);
        if (name === 'bob' && isBobAway) return { error: { kind: 'transient', message: 'Bob is away.' } };
        return { text: `${name}: ${text}` };
      }),
      limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
    });
  const options = {
    name: 'pool',
    members: [
      { agent: echo('ada'), role: 'first', capacity: 1 },
      echo('bob'),
      guarded(echo('cleo'), [guardrails.timeout({ max: '47h' })]),
    ],
    router: routers.roundRobin(),
    mode: 'parallel:2',
    budget: { maxTotalSteps: 50, maxTotalTasks: 20 },
    retry: { maxRetries: 3, backoff: '2m', condition: 'onTransient' },
    guardrails: [
      guardrails.timeout({ max: '47h' }),
      guardrails.budget({ steps: 30 }),
      guardrails.output(['forbidden']),
    ],
  } satisfies OrchestratorOptions;
  return orchestrator(options);
}

const readerChart = setup({
  types: {} as { context: { lengths: number[] }; events: { type: 'read'; text: string }; output: number[] },
  guards: { hasBoth: ({ context }) => context.lengths.length === 2 },
  actions: {
    measure: assign({ lengths: ({ context, event }) => [...context.lengths, event.text.length] }),
  },
}).createMachine({
  id: 'reader',
  context: { lengths: [] },
  output: ({ context }) => context.lengths,
  initial: 'reading',
  states: {
    reading: { always: { guard: 'hasBoth', target: 'read' }, on: { read: { actions: 'measure' } } },
    read: { type: 'final' },
  },
});

/** A machine that sends its child a short message and one that is longer than what a commit holds, at once. */
function post() {
  const chart = setup({
    types: {} as { context: { lengths: number[] }; events: { type: 'send' }; output: number[] },
    actors: { reader: readerChart },
    actions: {
      sendShort: sendTo('reader', { type: 'read', text: 'tea' }),
      sendLong: sendTo('reader', { type: 'read', text: 'milk '.repeat(1_000) }),
      keep: assign({ lengths: ({ event }) => (event as unknown as { output: number[] }).output }),
    },
  }).createMachine({
    id: 'post',
    context: { lengths: [] },
    output: ({ context }) => context.lengths,
    invoke: { src: 'reader', id: 'reader', onDone: { target: '.done', actions: 'keep' } },
    on: { send: { actions: ['sendShort', 'sendLong'] } },
    initial: 'open',
    states: { open: {}, done: { type: 'final' } },
  });
  return machine(chart, { context: z.object({ lengths: z.array(z.number()) }) });
}

/** Fails as long as Bob is away. */
const caller = ({ calls, isBobAway = false }: World) =>
  agent({
    name: 'caller',
    model: scriptedModel(() => {
      calls.push('model: caller');
      return isBobAway ? { error: { kind: 'transient', message: 'Bob is away.' } } : { text: 'Bob is here.' };
    }),
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
  });

const kettle = setup({
  types: {} as { context: { left: number }; events: { type: 'knock' }; input: { cups: number }; output: string },
  guards: { isEmpty: ({ context }) => context.left === 0 },
  actions: {
    pour: assign({ left: ({ context }) => context.left - 1 }),
    tell: sendParent({ type: 'poured' }),
    slip: assign(() => {
      throw new Error('It slipped.');
    }),
  },
  delays: { heat: 60_000 },
}).createMachine({
  id: 'kettle',
  context: ({ input }) => ({ left: input.cups }),
  initial: 'heating',
  on: { knock: { actions: 'slip' } },
  output: 'empty',
  states: {
    heating: {
      always: { guard: 'isEmpty', target: 'empty' },
      after: { heat: { target: 'heating', reenter: true, actions: ['pour', 'tell'] } },
    },
    empty: { type: 'final' },
  },
});

/** What the house may be asked. */
export const House = protocol({
  add: { body: z.number(), replies: ['sum'] },
  sum: { body: z.number() },
});

/** Level two: a machine with parallel and history states, a child that is restarted when it slips, an effect that takes long, timers, and answers. */
function house({ calls }: World) {
  const chart = setup({
    types: {} as {
      context: { cups: number; weight: number; sum: number };
      events:
        | { type: 'add'; body: number; meta: MessageMeta }
        | { type: 'poured' }
        | { type: 'knock' }
        | { type: 'shout' }
        | { type: 'ring' }
        | { type: 'close' }
        | { type: 'open' }
        | { type: 'leave' };
      input: { label: string; cups: number };
      output: { cups: number; weight: number; sum: number };
    },
    actors: {
      kettle,
      weigh: effect<number, { cups: number }>(async ({ cups }, { clock }) => {
        calls.push('weigh');
        await new Promise<void>((done) => void clock.wake(clock.now() + 150_000, done));
        return cups * 100;
      }),
    },
    actions: {
      ...engineActions,
      add: assign({ sum: ({ context, event }) => context.sum + (event.type === 'add' ? event.body : 0) }),
      count: assign({ cups: ({ context }) => context.cups + 1 }),
      keep: assign({ weight: ({ event }) => (event as unknown as { output: number }).output }),
      knock: sendTo('kettle', { type: 'knock' }),
      // An effect receives no events, so this becomes a dead letter.
      shout: sendTo('weigh', { type: 'hello' }),
    },
    delays: { echo: 36_000_000 },
  }).createMachine({
    id: 'house',
    type: 'parallel',
    context: { cups: 0, weight: 0, sum: 0 },
    output: ({ context }) => context,
    on: {
      poured: { actions: 'count' },
      knock: { actions: 'knock' },
      shout: { actions: 'shout' },
      add: {
        actions: [
          'add',
          { type: 'reply', params: ({ context, event }) => ({ ask: event.meta, type: 'sum', body: context.sum }) },
        ],
      },
    },
    states: {
      kitchen: {
        initial: 'boiling',
        states: {
          boiling: {
            invoke: {
              src: 'kettle',
              id: 'kettle',
              input: ({ event }) => ({ cups: (event as unknown as { input: { cups: number } }).input.cups }),
              onDone: 'served',
              onError: 'cold',
            },
          },
          served: { type: 'final' },
          cold: { type: 'final' },
        },
      },
      office: {
        initial: 'weighing',
        states: {
          weighing: {
            invoke: {
              src: 'weigh',
              id: 'weigh',
              input: ({ event }) => ({ cups: (event as unknown as { input: { cups: number } }).input.cups }),
              onDone: { target: 'weighed', actions: 'keep' },
              onError: 'weighed',
            },
          },
          weighed: { type: 'final' },
        },
      },
      hall: {
        initial: 'open',
        states: {
          open: {
            initial: 'quiet',
            on: { close: 'closed', leave: 'left' },
            states: {
              quiet: { on: { ring: 'loud' } },
              loud: { after: { echo: 'quiet' } },
              last: { type: 'history' },
            },
          },
          closed: { on: { open: 'open.last' } },
          left: { type: 'final' },
        },
      },
    },
  });
  const context = z.object({ cups: z.number(), weight: z.number(), sum: z.number() });
  const handles = { add: House.messages.add.body };
  return machine(chart, { context, handles, supervise: { maxRestarts: 5, within: 86_400_000, restart: 'resume' } });
}

/** What each stored run is a run of, by the name of its subject. */
export const subjects = (world: World) =>
  ({
    secretary: secretary(world),
    clerk: clerk(world),
    desk: desk(world, 'desk', { budget: { steps: 8, usd: 1 } }),
    'asking-desk': desk(world, 'asking-desk', { budget: { steps: 4 }, onExhausted: 'ask' }),
    pool: pool(world),
    house: house(world),
    post: post(),
    caller: caller(world),
  }) satisfies Record<string, Runnable>;
export type SubjectName = keyof ReturnType<typeof subjects>;

/** The input of the house: too large to be kept inline. */
export const houseInput = { label: long, cups: 3 };
