/** Compile errors that users must get. Nothing here runs: `tsc` fails when one of them is not an error any more. */
import { z } from 'zod';
import {
  agent,
  guarded,
  guardrails,
  orchestrator,
  pipeline,
  protocol,
  run,
  team,
  type Agent,
  type Runtime,
} from 'troupe';
import type { Ref } from '../../src/engine/ref.ts';

const Desk = protocol({
  brief: { body: z.object({ topic: z.string() }), replies: ['article'] },
  article: { body: z.object({ text: z.string() }) },
  note: { body: z.object({ line: z.string() }) },
  news: { body: z.object({}), topic: true },
});

// @ts-expect-error a reply that is not a message of the protocol
export const broken = protocol({ ask: { body: z.object({}), replies: ['nothing'] } });

const writer = agent({ name: 'writer', protocol: Desk, handles: ['brief'], model: 'x:y' });
// @ts-expect-error an agent can only handle what can be answered
export const deaf = agent({ name: 'deaf', protocol: Desk, handles: ['note'], model: 'x:y' });
// @ts-expect-error an agent handles messages of its protocol
export const lost = agent({ name: 'lost', protocol: Desk, handles: ['unknown'], model: 'x:y' });

const base = { name: 'desk', protocol: Desk, members: { writer }, accepts: 'brief', returns: 'article' } as const;
const desk = team({
  ...base,
  route: { brief: ({ body }, { to }) => to('writer', 'brief', body), article: ({ body }, { finish }) => finish(body) },
});

// Each error must stand on the line after its directive.
// prettier-ignore
export const wrongs = [
  // @ts-expect-error a reply without a route
  team({ ...base, route: { brief: ({ body }, { to }) => to('writer', 'brief', body) } }),
  // @ts-expect-error an unknown member
  team({ ...base, route: { brief: ({ body }, { to }) => to('editor', 'brief', body), article: ({ body }, { finish }) => finish(body) } }),
  // @ts-expect-error a message the member does not handle
  team({ ...base, route: { brief: ({ body }, { to }) => to('writer', 'note', body), article: ({ body }, { finish }) => finish(body) } }),
  // @ts-expect-error a body that does not fit
  team({ ...base, route: { brief: (_, { to }) => to('writer', 'brief', { topic: 1 }), article: ({ body }, { finish }) => finish(body) } }),
  // @ts-expect-error a result that does not fit
  team({ ...base, route: { brief: ({ body }, { to }) => to('writer', 'brief', body), article: (_, { finish }) => finish({ title: '' }) } }),
];

export async function calls(ref: Ref<typeof Desk.messages, 'brief' | 'note'>): Promise<string> {
  // @ts-expect-error the body of another message
  await ref.ask('brief', { line: '' });
  // @ts-expect-error a message without replies cannot be asked
  await ref.ask('note', { line: '' });
  // @ts-expect-error a message with replies cannot be told
  await ref.tell('brief', { topic: '' });
  // @ts-expect-error a message that the actor does not handle
  await ref.tell('article', { text: '' });
  const reply = await ref.ask('brief', { topic: '' });
  // @ts-expect-error a reply it cannot get
  if (reply.type === 'note') return '';
  // @ts-expect-error the run's input
  await run(desk, { topic: 1 });
  const { text } = await run(desk, { topic: 'actors' });
  return text + reply.body.text;
}

const Other = protocol({ ask: { body: z.object({ n: z.number() }), replies: ['told'] }, told: { body: z.object({}) } });
const stranger = agent({ name: 'stranger', protocol: Other, handles: ['ask'], model: 'x:y' });
const pool = orchestrator({
  name: 'pool',
  members: { writer, desk, safe: guarded(desk, [guardrails.cancellation()]) },
});
const strangers = orchestrator({ name: 'strangers', members: [{ agent: stranger, role: 'x' }] });
const texts = orchestrator({ name: 'texts', members: [agent({ name: 'ada', model: 'x:y' })] });
const house = { ...base, members: { pool } } as const;

/** An orchestrator takes what its members take, and answers with what they answer. */
export const housed = team({
  ...house,
  route: { brief: ({ body }, { to }) => to('pool', 'brief', body), article: ({ body }, { finish }) => finish(body) },
});
export const post = pipeline({ name: 'post', stages: [texts, texts] });

// prettier-ignore
export const housedWrongs = [
  // @ts-expect-error an answer of its members without a route
  team({ ...house, route: { brief: ({ body }, { to }) => to('pool', 'brief', body) } }),
  // @ts-expect-error a message that no member of it handles
  team({ ...house, route: { brief: ({ body }, { to }) => to('pool', 'note', body), article: ({ body }, { finish }) => finish(body) } }),
  // @ts-expect-error a body that does not fit
  team({ ...house, route: { brief: (_, { to }) => to('pool', 'brief', { topic: 1 }), article: ({ body }, { finish }) => finish(body) } }),
  // @ts-expect-error its members speak another protocol
  team({ ...house, members: { strangers }, route: { brief: (_, { finish }) => finish({ text: '' }), article: (_, { finish }) => finish({ text: '' }) } }),
  // @ts-expect-error its output is not the input of the next stage
  pipeline({ name: 'post', stages: [texts, strangers] }),
  // @ts-expect-error no members
  orchestrator({ name: 'pool', members: [Desk] }),
];

/** A definition whose type is written out: a library with isolated declarations does so. */
export async function annotated(runtime: Runtime): Promise<void> {
  const clerk: Agent = agent({ name: 'clerk', model: 'x:y' });
  await run(clerk, 'Hello');
  // @ts-expect-error neither a text nor a message
  await run(clerk, 7);
  await runtime.start(clerk, 'Hello');
  await runtime.start(desk, { topic: 'actors' });
  // @ts-expect-error the run's input
  await runtime.start(desk, { topc: 'actors' });
}
