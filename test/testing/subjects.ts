/** Subjects for crash tests and simulations: a machine with a child and timers, an agent with tools and a person, a team of two. */
import { assign, sendParent, setup } from 'xstate';
import { z } from 'zod';
import { agent, machine, protocol, team, tool } from 'troupe';
import { scriptedModel, type SimulationScenario } from 'troupe/testing';

const giver = setup({
  types: {} as { context: { left: number } },
  guards: { isEmpty: ({ context }) => context.left === 0 },
  actions: { count: assign({ left: ({ context }) => context.left - 1 }), give: sendParent({ type: 'one' }) },
  delays: { pause: 1_000 },
}).createMachine({
  id: 'giver',
  context: { left: 5 },
  initial: 'resting',
  states: {
    resting: {
      always: { guard: 'isEmpty', target: 'done' },
      after: { pause: { target: 'resting', reenter: true, actions: ['count', 'give'] } },
    },
    done: { type: 'final' },
  },
});
export const counter = (upTo = 100) =>
  machine(
    setup({
      types: {} as { context: { count: number }; events: { type: 'one' }; output: number },
      actors: { giver },
      guards: { isFull: ({ context }) => context.count >= upTo },
      actions: { count: assign({ count: ({ context }) => context.count + 1 }) },
    }).createMachine({
      id: 'counter',
      context: { count: 0 },
      initial: 'counting',
      on: { one: { actions: 'count' } },
      states: {
        counting: { invoke: { src: 'giver', id: 'giver', onDone: 'done', onError: 'failed' } },
        done: { type: 'final' },
        failed: { type: 'final' },
      },
      output: ({ context }) => context.count,
    }),
  );
export const counting = (): SimulationScenario => ({
  subject: counter(),
  input: null,
  invariants: {
    'nothing is counted twice or lost': ({ root }) => {
      const { output } = (root!.snapshot as { state: { output?: number } }).state;
      return output === 5 ? undefined : `it counted ${output}`;
    },
  },
});

/** It waits 40 seconds, six times, and its child waits longer; it takes what it is told meanwhile. */
export const patient = (): SimulationScenario => ({
  subject: machine(
    setup({
      types: {} as { context: { waits: number; told: number }; events: { type: 'tell' }; output: object },
      actors: {
        sleeper: setup({ delays: { night: 150_000 } }).createMachine({
          id: 'sleeper',
          initial: 'asleep',
          states: { asleep: { after: { night: 'awake' } }, awake: { type: 'final' } },
        }),
      },
      guards: { isOver: ({ context }) => context.waits === 6 },
      actions: {
        wait: assign({ waits: ({ context }) => context.waits + 1 }),
        note: assign({ told: ({ context }) => context.told + 1 }),
      },
      delays: { pause: 40_000 },
    }).createMachine({
      id: 'patient',
      context: { waits: 0, told: 0 },
      type: 'parallel',
      on: { tell: { actions: 'note' } },
      states: {
        waiting: {
          initial: 'pausing',
          states: {
            pausing: {
              always: { guard: 'isOver', target: 'over' },
              after: { pause: { target: 'pausing', reenter: true, actions: 'wait' } },
            },
            over: { type: 'final' },
          },
        },
        child: {
          initial: 'sleeping',
          states: { sleeping: { invoke: { src: 'sleeper', onDone: 'done' } }, done: { type: 'final' } },
        },
      },
      output: ({ context }) => context,
    }),
  ),
  input: null,
  script: [20_000, 50_000, 90_000, 170_000].map((after) => ({ after, signal: { type: 'tell' } })),
  invariants: {
    'it waits six times, and is told nothing twice': ({ root }) => {
      const { output } = (root!.snapshot as { state: { output?: { waits: number; told: number } } }).state;
      return output?.waits === 6 && output.told <= 4 ? undefined : `it was ${JSON.stringify(output)}`;
    },
  },
});

const shape = { description: 'x', input: z.object({ n: z.number() }), output: z.string() };
const clerkAgent = agent({
  name: 'clerk',
  tools: [
    tool({ ...shape, name: 'look', run: () => 'seen' }),
    tool({ ...shape, name: 'put', effect: 'write', idempotent: true, run: () => 'done' }),
    tool({ ...shape, name: 'send', effect: 'write', approval: true, run: () => 'sent' }),
  ],
  model: scriptedModel(({ messages }) =>
    messages.length < 2
      ? { calls: ['look', 'put', 'send'].map((name, n) => ({ name, input: { n } })) }
      : { text: 'All done.' },
  ),
});
export const clerk = (): SimulationScenario => ({
  subject: clerkAgent,
  input: 'Work.',
  answer: ({ schema }) =>
    'approved' in (schema['properties'] as object) ? { approved: true } : { happened: true, note: 'It did.' },
});

const says = (type: string, body: (asked: string) => object) =>
  scriptedModel(({ messages }) => ({
    calls: [{ name: `answer_${type}`, input: body(JSON.stringify(messages[0])) as never }],
  }));

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['draft'] },
  draft: { body: z.object({ text: z.string() }) },
  review: { body: z.object({ text: z.string() }), replies: ['approved'] },
  approved: { body: z.object({}) },
});
const writingTeam = team({
  name: 'desk',
  protocol: Desk,
  members: {
    writer: agent({
      name: 'writer',
      protocol: Desk,
      handles: ['brief'],
      model: says('draft', () => ({ text: 'Tea.' })),
    }),
    critic: agent({ name: 'critic', protocol: Desk, handles: ['review'], model: says('approved', () => ({})) }),
  },
  accepts: 'brief',
  returns: 'draft',
  route: {
    brief: ({ body }, { to }) => to('writer', 'brief', body),
    draft: ({ body }, { to }) => to('critic', 'review', body),
    approved: (_, { finish, last }) => finish(last('draft')),
  },
});
export const desk = (): SimulationScenario => ({ subject: writingTeam, input: { topic: 'tea' } });

/** The team of the demo, with its protocol's shape and its route: a researcher who reads, a writer, and a critic who sends the first draft back. */
const News = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['notes'] },
  notes: { body: z.object({ facts: z.array(z.string()).min(1) }) },
  draft: { body: z.object({ facts: z.array(z.string()), feedback: z.string().optional() }), replies: ['article'] },
  article: { body: z.object({ text: z.string() }) },
  review: { body: z.object({ text: z.string(), facts: z.array(z.string()) }), replies: ['approved', 'rework'] },
  approved: { body: z.object({}) },
  rework: { body: z.object({ feedback: z.string() }) },
});
const newsroomTeam = team({
  name: 'newsroom',
  protocol: News,
  members: {
    researcher: agent({
      name: 'researcher',
      protocol: News,
      handles: ['brief'],
      tools: [tool({ ...shape, name: 'look', run: () => 'tea is hot' })],
      model: scriptedModel(({ messages }) =>
        messages.length < 2
          ? { calls: [1, 2].map((n) => ({ name: 'look', input: { n } })) }
          : { calls: [{ name: 'answer_notes', input: { facts: ['tea is hot'] } }] },
      ),
    }),
    writer: agent({
      name: 'writer',
      protocol: News,
      handles: ['draft'],
      model: says('article', (asked) => ({ text: asked.includes('feedback') ? 'Tea is hot [1].' : 'Tea is hot.' })),
    }),
    critic: agent({
      name: 'critic',
      protocol: News,
      handles: ['review'],
      model: scriptedModel(({ messages }) => ({
        calls: JSON.stringify(messages[0]).includes('[1]')
          ? [{ name: 'answer_approved', input: {} }]
          : [{ name: 'answer_rework', input: { feedback: 'cite it' } }],
      })),
    }),
  },
  accepts: 'brief',
  returns: 'article',
  budget: { steps: 100, usd: 1 },
  route: {
    brief: ({ body }, { to }) => to('researcher', 'brief', body),
    notes: ({ body }, { to }) => to('writer', 'draft', body),
    article: ({ body }, { to, last }) => to('critic', 'review', { ...body, facts: last('notes').facts }),
    rework: ({ body }, { to, last, count, finish }) =>
      count('rework') > 3
        ? finish(last('article'))
        : to('writer', 'draft', { facts: last('notes').facts, feedback: body.feedback }),
    approved: (_, { finish, last }) => finish(last('article')),
  },
});
export const newsroom = (): SimulationScenario => ({ subject: newsroomTeam, input: { topic: 'tea' } });

/** For `troupe simulate test/testing/subjects.ts`. */
export default newsroomTeam;
export const simulation = newsroom;
