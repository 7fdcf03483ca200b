/** Subjects that the proofs of the kit are run on: a machine with a child and timers, an agent with tools and a person, a team of two. */
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

const shape = { description: 'x', input: z.object({ n: z.number() }), output: z.string() };
export const clerk = (): SimulationScenario => ({
  subject: agent({
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
  }),
  input: 'Work.',
  answer: ({ schema }) =>
    'approved' in (schema['properties'] as object) ? { approved: true } : { happened: true, note: 'It did.' },
});

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['draft'] },
  draft: { body: z.object({ text: z.string() }) },
  review: { body: z.object({ text: z.string() }), replies: ['approved'] },
  approved: { body: z.object({}) },
});
export const desk = (): SimulationScenario => ({
  subject: team({
    name: 'desk',
    protocol: Desk,
    members: {
      writer: agent({
        name: 'writer',
        protocol: Desk,
        handles: ['brief'],
        model: scriptedModel(() => ({ calls: [{ name: 'answer_draft', input: { text: 'Tea.' } }] })),
      }),
      critic: agent({
        name: 'critic',
        protocol: Desk,
        handles: ['review'],
        model: scriptedModel(() => ({ calls: [{ name: 'answer_approved', input: {} }] })),
      }),
    },
    accepts: 'brief',
    returns: 'draft',
    route: {
      brief: ({ body }, { to }) => to('writer', 'brief', body),
      draft: ({ body }, { to }) => to('critic', 'review', body),
      approved: (_, { finish, last }) => finish(last('draft')),
    },
  }),
  input: { topic: 'tea' },
});
