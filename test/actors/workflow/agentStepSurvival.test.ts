/** An agent step with a tool that writes and an approval, killed at every point; and with a real tool server. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { tool } from 'troupe';
import { crashEverywhere, expectSurvival, testRuntime } from 'troupe/testing';
import type { Json } from '../../../src/values/json.ts';
import type { ModelRequest } from '../../../src/contracts/model.ts';
import { machine } from '../../../src/runtime/machine.ts';
import { agentStepActor } from '../../../actors/workflow/agentStep.ts';
import { answer } from '../fixtures.ts';
import { calling, scriptedGateway, server, stepDeps, task } from './agentStepWorld.ts';
import { open } from '../../mcp/open.ts';

const good = '{"ok":true}';

test.each([
  ['that know their key', true],
  ['that cannot be repeated', false],
])(
  'a step with two writes %s, one with approval, ends alike after a crash at any point, and writes nothing twice',
  async (_, idempotent) => {
    const make = () => {
      const notes: Json[] = [];
      const keys = new Set<string>();
      // It answers by the conversation, so it also works in a second process.
      const gateway = scriptedGateway(({ messages }: ModelRequest) => {
        const asked = messages.filter(({ role }) => role === 'assistant').length;
        return asked === 0 ? calling(['note', { of: 'plan' }], ['send', { to: 'ada' }]) : answer(good);
      });
      const writer = (name: string) =>
        tool({
          name,
          description: name,
          effect: 'write',
          idempotent,
          input: z.looseObject({}),
          output: z.string(),
          run: async (input, { key }) => {
            if (!idempotent || !keys.has(key)) notes.push([name, input as Json]);
            keys.add(key);
            return 'done';
          },
        });
      const approvals = [{ pattern: 'send', onReject: 'fail', timeoutBehavior: 'fail' } as const];
      const { deps } = stepDeps({ gateway, servers: { files: [writer('note'), writer('send')] } });
      return {
        subject: machine(agentStepActor(deps)),
        input: task({ servers: [server({ approvals })] }),
        // After a crash a person is asked whether the write happened, which it may not have.
        answer: ({ question }: { readonly question: string }) =>
          question.startsWith('May') ? { approved: true } : { happened: notes.length > 1 },
        world: () => notes,
      };
    };
    const report = expectSurvival(await crashEverywhere(make));
    expect(report.points).toBeGreaterThan(7);
  },
);

test('the tools of a real server are listed, called, and fail as its own words say', async () => {
  const everything = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
  const one = server({
    name: 'everything',
    address: { command: process.execPath, args: [everything] },
    allow: ['echo', 'get-*'],
  });
  const gateway = scriptedGateway(calling(['echo', { message: 'hello' }], ['get-sum', { a: 'x', b: 1 }]), good);
  const { deps } = stepDeps({ gateway });
  await using source = open({ name: 'everything', command: process.execPath, args: [everything] });
  await using runtime = await testRuntime();
  const chart = agentStepActor({ ...deps, servers: { tools: () => source } });
  const handle = await runtime.start(machine(chart), task({ servers: [one] }) as never);
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: { status: 'complete' } });
  const offered = gateway.asked[0]?.request.tools.map(({ name }) => name) ?? [];
  expect(offered).toContain('get-sum');
  expect(offered.filter((name) => name !== 'echo' && !name.startsWith('get-'))).toEqual([]);
  expect(gateway.asked[1]?.request.messages.at(-1)).toMatchObject({
    role: 'tool',
    results: [
      { name: 'echo', ok: true, content: 'Echo: hello' },
      { name: 'get-sum', ok: false },
    ],
  });
});
