/** Versions of one definition on different nodes are told apart, and no run goes on with another version unnoticed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  agent,
  all,
  guarded,
  guardrails,
  machine,
  mcpServer,
  orchestrator,
  pipeline,
  protocol,
  routers,
  team,
  tool,
} from 'troupe';
import { setup } from 'xstate';
import { z } from 'zod';
import { definitionVersion } from '../../src/runtime/definitionVersion.ts';
import type { Runnable } from '../../src/runtime/runtime.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Parts {
  readonly instructions?: string;
  readonly model?: string;
  readonly toolName?: string;
  readonly toolDescription?: string;
  readonly toolEffect?: 'read' | 'write';
  readonly toolInput?: z.ZodType<object>;
  readonly approval?: boolean;
  readonly steps?: number;
  readonly body?: z.ZodType;
  readonly restarts?: number;
  readonly route?: 'plain' | 'twice';
  readonly needs?: readonly string[];
}
/** A team as three nodes may have it: everything is the same except for what is given. */
function desk(parts: Parts = {}): Runnable {
  const look = tool({
    name: parts.toolName ?? 'look',
    description: parts.toolDescription ?? 'Looks it up.',
    effect: parts.toolEffect ?? 'read',
    input: parts.toolInput ?? z.object({ what: z.string() }),
    output: z.string(),
    ...(parts.approval === undefined ? {} : { approval: parts.approval }),
    run: () => 'It is there.',
  });
  const Desk = protocol({
    brief: { body: parts.body ?? z.object({ topic: z.string() }), replies: ['text'] },
    text: { body: z.string() },
  } as never);
  const writer = agent({
    name: 'writer',
    instructions: parts.instructions ?? 'Write.',
    model: parts.model ?? 'openai:gpt-4o',
    protocol: Desk,
    handles: ['brief'],
    tools: [look],
    budget: { steps: parts.steps ?? 5 },
    ...(parts.needs ? { needs: parts.needs } : {}),
  } as never);
  const plain = ({ body }: { body: unknown }, { to }: { to: (...args: unknown[]) => unknown }) =>
    to('writer', 'brief', body);
  const twice = ({ body }: { body: unknown }, { to }: { to: (...args: unknown[]) => unknown }) =>
    all(to('writer', 'brief', body) as never, to('writer', 'brief', body) as never);
  return team({
    name: 'desk',
    protocol: Desk,
    members: { writer },
    accepts: 'brief',
    returns: 'text',
    supervise: { maxRestarts: parts.restarts ?? 1 },
    route: {
      brief: parts.route === 'twice' ? twice : plain,
      text: ({ body }: { body: unknown }, { finish }: { finish: (body: unknown) => unknown }) => finish(body),
    },
  } as never) as unknown as Runnable;
}

const changes: Readonly<Record<string, Parts>> = {
  'the instructions of a member': { instructions: 'Write well.' },
  'the model of a member': { model: 'openai:gpt-4o-mini' },
  'the name of a tool': { toolName: 'peek' },
  'the description of a tool': { toolDescription: 'Looks it up again.' },
  'what a tool does': { toolEffect: 'write' },
  'the input schema of a tool': { toolInput: z.object({ what: z.string().max(10) }) },
  'the approval of a tool': { approval: true },
  'a limit': { steps: 6 },
  'the schema of a message': { body: z.object({ topic: z.string(), length: z.number().optional() }) },
  'the supervision': { restarts: 2 },
  'the route': { route: 'twice' },
  'the labels it needs': { needs: ['gpu'] },
};

test.for(Object.entries(changes))('another version: %s', ([, parts]) => {
  expect(definitionVersion(desk(parts))).not.toBe(definitionVersion(desk()));
  expect(definitionVersion(desk(parts))).toBe(definitionVersion(desk(parts)));
});

const model = 'openai:gpt-4o';
const writerWith = (instructions: string) => agent({ name: 'writer', instructions, model });
const chartWith = (to: string, delay = 5, act = 1) =>
  machine(
    setup({ delays: { pause: delay }, actions: { note: act === 1 ? () => {} : () => void 'other' } }).createMachine({
      id: 'gate',
      initial: 'shut',
      states: {
        shut: { on: { [to]: 'open' }, after: { pause: { target: 'open' } }, entry: 'note' },
        open: { type: 'final' },
      },
    }),
  );
const pairs: Readonly<Record<string, readonly [() => unknown, () => unknown]>> = {
  'an event of a chart': [() => chartWith('push'), () => chartWith('pull')],
  'a delay of a chart': [() => chartWith('push', 5), () => chartWith('push', 6)],
  'an action of a chart': [() => chartWith('push', 5, 1), () => chartWith('push', 5, 2)],
  'a member within guardrails': [
    () => guarded(writerWith('Write.'), [guardrails.timeout({ max: '2m' })]),
    () => guarded(writerWith('Write well.'), [guardrails.timeout({ max: '2m' })]),
  ],
  'a limit of a guardrail': [
    () => guarded(writerWith('Write.'), [guardrails.timeout({ max: '2m' })]),
    () => guarded(writerWith('Write.'), [guardrails.timeout({ max: '3m' })]),
  ],
  'a pattern of a guardrail': [
    () => guarded(writerWith('Write.'), [guardrails.output([/a/])]),
    () => guarded(writerWith('Write.'), [guardrails.output([/b/])]),
  ],
  'a router': [
    () => orchestrator({ name: 'desk', members: [writerWith('Write.')], router: routers.roundRobin() }),
    () => orchestrator({ name: 'desk', members: [writerWith('Write.')], router: routers.firstAvailable() }),
  ],
  'the order of the stages of a preset': [
    () => pipeline({ name: 'p', stages: [writerWith('One.'), agent({ name: 'b', model })] } as never),
    () => pipeline({ name: 'p', stages: [agent({ name: 'b', model }), writerWith('One.')] } as never),
  ],
  'the address of a tool server': [
    () => agent({ name: 'a', model, tools: [mcpServer({ name: 'files', command: 'files', args: ['a'] })] }),
    () => agent({ name: 'a', model, tools: [mcpServer({ name: 'files', command: 'files', args: ['b'] })] }),
  ],
};
test.for(Object.entries(pairs))('another version: %s', ([, [one, two]]) => {
  expect(definitionVersion(one() as Runnable)).not.toBe(definitionVersion(two() as Runnable));
  expect(definitionVersion(one() as Runnable)).toBe(definitionVersion(one() as Runnable));
});

/** Waits for a person in its first turn, so that it can change hands. */
const gate = (version: string) =>
  machine(
    setup({ actions: { note: version === 'one' ? () => {} : () => void 'two' } }).createMachine({
      id: 'gate',
      initial: 'shut',
      entry: 'note',
      states: { shut: { on: { push: 'open' } }, open: { type: 'final' } },
    }),
  );

test('nodes report their versions, a run goes to a node of its own version first, and what another version takes is told', async () => {
  await using one = await startNode(server, 'versions', 'one', [gate('one')]);
  await using outside = await connectCluster(server.url, 'versions');
  for (const key of ['r1', 'r2', 'r3', 'r4', 'r5', 'r6']) await outside.invoke('gate', null, { key, detach: true });
  await using two = await startNode(server, 'versions', 'two', [gate('two')]);
  const same = await startNode(server, 'versions', 'same', [gate('one')]);
  const hashes = new Map((await outside.nodes()).map(({ name, offers }) => [name, offers[0]!.hash]));
  const [hashOne, hashSame, hashTwo] = ['one', 'same', 'two'].map((name) => hashes.get(name));
  expect(hashSame).toBe(hashOne);
  expect(hashTwo).not.toBe(hashOne);
  await one.node.drain(0);
  await expect.poll(() => same.node.report.runs).toBe(6);
  expect(two.node.report.runs).toBe(0);
  await same[Symbol.asyncDispose]();
  await expect.poll(() => two.node.report.runs).toBe(6);
  await expect
    .poll(() => two.logLines)
    .toContainEqual(expect.stringMatching(/r1 was begun with version \w{7} of "gate", and goes on with \w{7}/));
});
