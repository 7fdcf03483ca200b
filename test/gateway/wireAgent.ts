/** An agent whose model is behind a real connection: runs it, and tells what it did. */
import { agent, openRuntime, tool, type Agent, type RuntimeOptions } from 'troupe';
import * as z from 'zod';
import { modelAt, wireKeys, wires, wireServer, type Turn, type WireName } from './wireServer.ts';

type AgentOptions = Partial<Parameters<typeof agent>[0]>;

/** Runs an agent with the write `pay` against a server that answers by these turns. */
export async function runAgainst(
  name: WireName,
  turns: readonly Turn[],
  {
    input = z.object({ order: z.number().optional(), at: z.number().optional() }) as z.ZodType,
    gateway = {},
    task = 'Pay the order.',
    price,
    ...options
  }: AgentOptions & {
    input?: z.ZodType;
    gateway?: RuntimeOptions['gateway'];
    task?: string;
    price?: { input: number; output: number };
  } = {},
) {
  await using server = await wireServer(wires[name].path, turns);
  const { model, baseUrls } = modelAt(name, server);
  const paid: unknown[] = [];
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    effect: 'write',
    input,
    output: z.object({ paid: z.boolean() }),
    run: (given) => (paid.push(given), { paid: true }),
  });
  const clerk: Agent = agent({
    name: 'clerk',
    model,
    tools: [pay],
    limits: { backoff: 1, maxBackoff: 2 },
    ...options,
  });
  await using runtime = await openRuntime({
    db: 'memory',
    env: wireKeys,
    gateway: {
      baseUrls,
      retry: { times: 2, backoff: 1, longest: 2 },
      ...(price ? { prices: { [wires[name].model]: price } } : {}),
      ...gateway,
    },
  });
  const handle = await runtime.start(clerk, task);
  const outcome = await handle.outcome();
  return { outcome, paid, requests: server.requests.map(({ body }) => body) };
}
