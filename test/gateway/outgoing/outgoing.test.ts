/** The outgoing form, for every provider: what a transcript holds and what tools look like is never a reason to refuse a request. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { describe, expect, test } from 'vitest';
import type { Message, Model, ModelPart, ModelRequest } from '../../../src/contracts/model.ts';
import { seedsOf } from '../../dose.ts';
import { aiSdkModel } from '../../../src/gateway/aiSdkModel.ts';
import { double } from '../doubles/double.ts';
import { nastyRequest } from './nasty.ts';
import { wires } from './wires.ts';

const { seeds, timeout } = seedsOf(30, 400);
const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
async function partsOf(model: Model, request: ModelRequest): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  for await (const part of model.stream(request, scope)) parts.push(part);
  return parts;
}
const ask = (more: Partial<ModelRequest>): ModelRequest => ({
  instructions: 'Be brief.',
  messages: [{ role: 'user', text: 'go' }],
  tools: [],
  ...more,
});

describe.each(Object.entries(wires))('%s', (_, { wire, open }) => {
  test(
    'no conversation and no tool is refused, whatever models, servers and crashes have left in it',
    { timeout },
    async () => {
      const server = double(wire, [{ text: 'Done.' }]);
      const model = await open({ fetch: server.fetch });
      for (let seed = 1; seed <= seeds; seed++) {
        const failed = await partsOf(model, nastyRequest(seed)).then(
          () => undefined,
          (thrown: unknown) => String(thrown),
        );
        expect(failed, `seed ${seed}: ${server.refusals.at(-1)}`).toBeUndefined();
      }
    },
  );

  test('what the model was sent before is not converted again', async () => {
    const server = double(wire, [{ text: 'Done.' }]);
    const model = await open({ fetch: server.fetch });
    let reads = 0;
    const counted = (message: Message): Message =>
      new Proxy(message, { get: (on, key) => (key === 'role' || reads++, Reflect.get(on, key) as unknown) });
    const transcript: Message[] = [{ role: 'user', text: 'go' }];
    const readsOf = async () => {
      const turn = transcript.length;
      transcript.push(
        counted({ role: 'assistant', text: '', calls: [{ id: `c${turn}`, name: 'look', input: { turn } }] }),
        counted({ role: 'tool', results: [{ id: `c${turn}`, name: 'look', ok: true, content: 'seen' }] }),
      );
      reads = 0;
      await partsOf(model, ask({ messages: [...transcript] }));
      return reads;
    };
    const costs: number[] = [];
    for (let turn = 1; turn <= 40; turn++) costs.push(await readsOf());
    // Of each older answer only the ids of its calls are read again: none may be there twice.
    expect(costs[39]! - costs[9]!).toBeLessThanOrEqual(30);
  });
});

test('settings of a provider that the user gives are sent with every request', async () => {
  const server = double(wires['anthropic']!.wire, [{ text: 'Done.' }]);
  const claude = createAnthropic({ apiKey: 'k', baseURL: 'http://double.invalid/v1', fetch: server.fetch });
  const model = aiSdkModel(claude('claude-sonnet-4-5'), {
    providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 4_000 } } },
  });
  await partsOf(model, ask({}));
  expect(server.requests[0]).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 4_000 } });
});
