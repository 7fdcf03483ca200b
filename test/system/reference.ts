/** The run that is crashed everywhere: an agent with a model that fails once, a read, two writes, a timer and a person's approval. */
import { agent } from '../../src/agent.ts';
import { TroupeError } from '../../src/contracts/failure.ts';
import type { Envelope } from '../../src/contracts/envelope.ts';
import type { ModelAnswer, ModelRequest } from '../../src/contracts/model.ts';
import { compile } from '../../src/subject.ts';
import type { CrashOptions, Scenario } from '../../src/testing/crashEverywhere.ts';
import { tool } from '../../src/tools/tool.ts';
import { z } from 'zod';

/** A world that honours idempotency keys, and remembers who asked for what under which key. */
class World {
  readonly #known: ReadonlySet<string>;
  readonly #keys = new Set<string>();
  readonly done = new Map<string, number>();
  readonly repeated: string[] = [];
  failures = 0;

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  ask(what: string, key: string): void {
    if (this.#known.has(key)) this.repeated.push(`${what} under ${key}, whose result was in the ledger`);
  }

  write(what: string, key: string): void {
    this.ask(what, key);
    if (!this.#keys.has(key)) this.done.set(what, (this.done.get(what) ?? 0) + 1);
    this.#keys.add(key);
  }
}

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
const calls = (turn: number, names: readonly string[]): ModelAnswer => ({
  text: '',
  calls: names.map((name, index) => ({ id: `t${turn}c${index}`, name, input: { n: turn } })),
  reason: 'calls',
  usage,
  model: 'test:model',
});

export const reference: CrashOptions['scenario'] = (known, clock): Scenario => {
  const world = new World(known);
  const shape = { description: 'x', input: z.object({ n: z.number() }), output: z.string() };
  const clerk = agent({
    name: 'clerk',
    model: 'test:model',
    tools: [
      tool({ ...shape, name: 'look', run: ({ n }, { key }) => (world.ask(`look ${n}`, key), 'seen') }),
      tool({
        ...shape,
        name: 'put',
        effect: 'write',
        idempotent: true,
        run: ({ n }, { key }) => (world.write(`put ${n}`, key), 'done'),
      }),
      tool({
        ...shape,
        name: 'send',
        effect: 'write',
        idempotent: true,
        approval: true,
        run: ({ n }, { key }) => (world.write(`send ${n}`, key), 'sent'),
      }),
    ],
  });
  const answer = async (_: unknown, { messages }: ModelRequest, { key }: { key: string }): Promise<ModelAnswer> => {
    world.ask(`the model at ${messages.length}`, key);
    switch (messages.length) {
      case 1:
        return calls(1, ['look', 'send']);
      case 3:
        if (world.failures++ === 0) throw new TroupeError('transient', 'The model is busy.');
        return calls(2, ['put', 'look']);
      default:
        return { text: 'All done.', calls: [], reason: 'stop', usage, model: 'test:model' };
    }
  };

  return {
    type: compile({ gateway: { answer }, clock, opened: [] })(clerk),
    input: { type: 'task', body: 'Work.' },
    async nudge(host, journal, run) {
      const [ticket] = await journal.find({ run, type: 'wait', status: 'active' });
      if (!ticket || (await journal.mail(run)).length > 0) return false;
      const event = { type: 'wait.answer', answer: { approved: true }, by: 'Grace' };
      const envelope: Envelope = {
        id: `${ticket.actor}/answer`,
        type: 'wait.answer',
        body: event,
        from: 'person/grace',
        to: ticket.actor,
        run,
        kind: 'signal',
      };
      await host.post(envelope).catch(() => {}); // It may have been answered just now.
      return true;
    },
    world: () => Object.fromEntries([...world.done].sort(([a], [b]) => (a < b ? -1 : 1))),
    complaints: () => world.repeated,
  };
};
