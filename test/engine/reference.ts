/** The runs that the crash test crashes at every point: an agent with a failing model, reads, writes, a timer and an approval; and a team of two. */
import { agent, protocol, team, tool, TroupeError, type Model } from 'troupe';
import { scriptedModel, type CrashScenario } from 'troupe/testing';
import { z } from 'zod';

/** An outside system that honours idempotency keys, and counts how often each write was applied. */
export class Shop {
  readonly #keys = new Set<string>();
  readonly #done = new Map<string, number>();

  write(what: string, key: string): void {
    if (!this.#keys.has(key)) this.#done.set(what, (this.#done.get(what) ?? 0) + 1);
    this.#keys.add(key);
  }

  get done(): Record<string, number> {
    return Object.fromEntries([...this.#done].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

const toolShape = { description: 'x', input: z.object({ n: z.number() }), output: z.string() };
const toolsOf = (shop: Shop) => ({
  look: tool({ ...toolShape, name: 'look', run: () => 'seen' }),
  put: tool({
    ...toolShape,
    name: 'put',
    effect: 'write',
    idempotent: true,
    run: ({ n }, { key }) => (shop.write(`put ${n}`, key), 'done'),
  }),
  send: tool({
    ...toolShape,
    name: 'send',
    effect: 'write',
    idempotent: true,
    approval: true,
    run: ({ n }, { key }) => (shop.write(`send ${n}`, key), 'sent'),
  }),
});

/**
 * The model is busy for the first call of its second turn, whenever that is made. The gateway tries three times; then the agent waits itself, and makes
 * another call. A number of failures would not do: an attempt that a crash has lost would use one up, and what failed attempts cost would differ.
 */
function busyOnce(model: Model): Model {
  let busyKey: string | undefined;
  return {
    id: model.id,
    stream(request, scope) {
      if (request.messages.length === 3) busyKey ??= scope.key;
      if (scope.key === busyKey) throw new TroupeError('transient', 'The model is busy.', { retryAfter: 5_000 });
      return model.stream(request, scope);
    },
  };
}

/** One agent: it looks and sends (a person approves), waits for its busy model, puts and looks, and answers. */
export const reference = (): CrashScenario => {
  const shop = new Shop();
  const { look, put, send } = toolsOf(shop);
  const model = busyOnce(
    scriptedModel(({ messages }) => {
      switch (messages.length) {
        case 1:
          return { calls: ['look', 'send'].map((name) => ({ name, input: { n: 1 } })) };
        case 3:
          return { calls: ['put', 'look'].map((name) => ({ name, input: { n: 2 } })) };
        default:
          return { text: 'All done.' };
      }
    }),
  );
  return {
    subject: agent({ name: 'clerk', tools: [look, put, send], model }),
    input: 'Work.',
    answer: () => ({ approved: true }),
    world: () => shop.done,
  };
};

const DeskProtocol = protocol({
  order: { body: z.object({ item: z.string() }), replies: ['draft'] },
  draft: { body: z.object({ text: z.string() }) },
  review: { body: z.object({ text: z.string() }), replies: ['verdict'] },
  verdict: { body: z.object({ good: z.boolean() }) },
});

/** A team of two agents: the writer calls `put`, the reviewer calls `look`, and a route passes messages between them. */
export const pair = (): CrashScenario => {
  const shop = new Shop();
  const { look, put } = toolsOf(shop);
  const writer = agent({
    name: 'writer',
    protocol: DeskProtocol,
    handles: ['order'],
    tools: [put],
    model: scriptedModel(({ messages }) =>
      messages.length === 1
        ? { calls: [{ name: 'put', input: { n: 1 } }] }
        : { calls: [{ name: 'answer_draft', input: { text: 'Tea.' } }] },
    ),
  });
  const reviewer = agent({
    name: 'reviewer',
    protocol: DeskProtocol,
    handles: ['review'],
    tools: [look],
    model: scriptedModel(({ messages }) =>
      messages.length === 1
        ? { calls: [{ name: 'look', input: { n: 1 } }] }
        : { calls: [{ name: 'answer_verdict', input: { good: true } }] },
    ),
  });
  const subject = team({
    name: 'desk',
    protocol: DeskProtocol,
    members: { writer, reviewer },
    accepts: 'order',
    returns: 'draft',
    route: {
      order: ({ body }, { to }) => to('writer', 'order', body),
      draft: ({ body }, { to }) => to('reviewer', 'review', body),
      verdict: (_, { finish, last }) => finish(last('draft')),
    },
  });
  return { subject, input: { item: 'tea' }, world: () => shop.done };
};
