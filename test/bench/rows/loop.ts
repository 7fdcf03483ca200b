/** The work of an agent's turn, and the same by hand and by the AI SDK: a model that calls a tool `turns` times and then answers. */
import type { Message, Model, ModelPart } from '../../../src/contracts/model.ts';
import type { Json } from '../../../src/values/json.ts';
import type { Scope } from '../row.ts';

const usage = { inputTokens: 10, outputTokens: 5, cachedTokens: 0, reported: true, usd: 0 };

/** Calls the tool `add` `turns` times, and then answers. */
export const callingModel = (turns: number): Model => ({
  id: 'bench:model',
  async *stream({ messages }): AsyncGenerator<ModelPart> {
    const turn = (messages.length - 1) / 2;
    if (turn >= turns) {
      yield { type: 'text', text: 'done' };
      yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
      return;
    }
    yield { type: 'call', call: { id: `c${turn}`, name: 'add', input: { n: turn } } };
    yield { type: 'finish', reason: 'calls', usage, model: 'bench:model' };
  },
});

const add = ({ n }: { n: number }) => ({ sum: n + 1 });
const description = 'Adds one.';

/** Stores the result of an effect, as a durable loop must before it goes on. */
export type Keep = (key: string, value: Json) => unknown;

/** By hand. */
export async function loop(turns: number, keep: Keep = () => {}): Promise<void> {
  const model = callingModel(turns);
  const messages: Message[] = [{ role: 'user', text: 'go' }];
  for (let turn = 0; ; turn++) {
    const parts: ModelPart[] = [];
    const scope = { key: `${turn}`, signal: new AbortController().signal, deadline: undefined };
    for await (const part of model.stream({ instructions: '', messages, tools: [] }, scope)) parts.push(part);
    const [first] = parts;
    // A part of a model is JSON; its type has optional fields.
    await keep(`m${turn}`, first as unknown as Json);
    if (first?.type !== 'call') return;
    messages.push({ role: 'assistant', text: '', calls: [first.call] });
    // The model above makes this input.
    const result = add(first.call.input as { n: number });
    await keep(`t${turn}`, result);
    const content = JSON.stringify(result);
    messages.push({ role: 'tool', results: [{ id: first.call.id, name: 'add', ok: true, content }] });
  }
}

/** By `generateText`, which needs no stream. */
export async function aiSdk(turns: number): Promise<void> {
  const { generateText, isStepCount, tool } = await import('ai');
  const z = await import('zod');
  const spent = {
    inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 5, text: 5, reasoning: 0 },
  };
  const { steps } = await generateText({
    model: {
      specificationVersion: 'v4',
      provider: 'bench',
      modelId: 'model',
      supportedUrls: {},
      doGenerate: async ({ prompt }) => {
        const turn = (prompt.length - 1) / 2;
        const answered = turn >= turns;
        return {
          content: answered
            ? [{ type: 'text', text: 'done' }]
            : [{ type: 'tool-call', toolCallId: `c${turn}`, toolName: 'add', input: `{"n":${turn}}` }],
          finishReason: { unified: answered ? 'stop' : 'tool-calls', raw: undefined },
          usage: spent,
          warnings: [],
        };
      },
      doStream: () => Promise.reject(new Error('generateText does not stream.')),
    },
    prompt: 'go',
    tools: { add: tool({ description, inputSchema: z.object({ n: z.number() }), execute: add }) },
    stopWhen: isStepCount(turns + 1),
  });
  if (steps.length !== turns + 1) throw new Error(`${turns} turns were asked for; ${steps.length} steps came.`);
}

/** An agent of ours that takes so many turns, and a function that runs it. */
export const agentOf = (load: Scope['load'], turns: number, db: string) => agentWith(load, callingModel(turns), db);

/** The same with another model. */
export async function agentWith(load: Scope['load'], model: Model, db: string) {
  const { agent, openRuntime, tool: toolOf } = await load('src/index');
  const z = await import('zod');
  const [input, output] = [z.object({ n: z.number() }), z.object({ sum: z.number() })];
  const subject = agent({
    name: 'bench',
    model,
    limits: { maxRepeats: 1_000_000 },
    budget: { steps: 1_000_000, toolCalls: 1_000_000, tokens: 1_000_000_000 },
    tools: [toolOf({ name: 'add', description, input, output, run: add })],
  });
  const runtime = await openRuntime({ db });
  return {
    run: async () => requireDone((await runtime.start(subject, 'go')).outcome()),
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  };
}

/** The output of a run, which must have succeeded. */
export async function requireDone(outcome: Promise<{ status: string; output?: unknown }>): Promise<unknown> {
  const ended = await outcome;
  if (ended.status !== 'done') throw new Error(`The run ended as ${JSON.stringify(ended).slice(0, 300)}`);
  return ended.output;
}

/** `work` so many times, one after the other. */
export async function repeated(times: number, work: (nth: number) => Promise<unknown>): Promise<void> {
  for (let nth = 0; nth < times; nth++) await work(nth);
}
