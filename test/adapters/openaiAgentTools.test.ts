/** Agents of OpenAI Agents that are tools of others (`asTool`): one call of a tool, whose questions are waits of the flow. */
import { Agent, tool } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { flow } from '../../src/index.ts';
import { openAiAgent, waitForApproval, type OpenAiAgentOptions } from '../../src/adapters/openai-agents/index.ts';
import { answerNamed, callsOf, openDisk, outputOf, recordsOf, ticketsOf, untilRest } from './openDisk.ts';

const says = (text: string) => [assistantMessage(text)];
const call = (name: string, input: Record<string, unknown>, id = `call-${name}`) =>
  functionCall(name, input, { callId: id });

/** A clerk whose tool is a cashier, whose tool pays and must be approved. */
function office({
  isToolApproved = false,
  cashierModel,
  ...options
}: Partial<Omit<OpenAiAgentOptions, 'agent'>> & { isToolApproved?: boolean; cashierModel?: ScriptedModel } = {}) {
  const paid: string[] = [];
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    parameters: z.object({ to: z.string() }),
    needsApproval: true,
    execute: async ({ to }) => (paid.push(to), `paid ${to}`),
  });
  const inner =
    cashierModel ??
    new ScriptedModel([[call('pay', { to: 'Ada' }, 'p1'), call('pay', { to: 'Eve' }, 'p2')], says('Ada is paid.')]);
  const cashier = new Agent({
    name: 'Cashier',
    instructions: 'You pay.',
    tools: [pay],
    ...(options.runConfig ? { model: 'cashier-model' } : { model: inner }),
  });
  const outer = new ScriptedModel([[call('cashier', { input: 'Pay both.' })], says('Done.')]);
  const clerk = new Agent({
    name: 'Clerk',
    model: outer,
    tools: [cashier.asTool({ toolName: 'cashier', toolDescription: 'Pays people.', needsApproval: isToolApproved })],
  });
  const durable = openAiAgent('clerk', { agent: clerk, runConfig: { tracingDisabled: true }, ...options });
  const subject = flow('office', async (ctx) => {
    let run = await durable.run(ctx, { input: 'Pay Ada and Eve.' });
    while (run.status === 'interrupted') run = await durable.run(ctx, await waitForApproval(ctx, run));
    await ctx.wait({ name: 'go' });
    return { text: run.finalOutput, requests: run.usage.requests };
  });
  return { paid, inner, outer, subject };
}

test('an approval inside an agent that is a tool is a wait of the flow, and the agent goes on in another process', async () => {
  const { paid, inner, outer, subject } = office({ approval: { question: 'May it pay?' } });
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, subject))).toMatchObject([
      { name: 'approve_pay', question: 'May it pay?', metadata: { tool_name: 'pay', arguments: { to: 'Ada' } } },
      { name: 'approve_pay_2', metadata: { tool_call_id: 'p2', arguments: { to: 'Eve' } } },
    ]);
  }
  await answerNamed(open, 'approve_pay', { approved: true });
  await answerNamed(open, 'approve_pay_2', { approved: false, reason: 'not known' });
  {
    await using second = await open();
    expect(ticketsOf(await untilRest(second, subject))).toMatchObject([{ name: 'go' }]);
    expect((await callsOf(second)).toSorted()).toEqual(
      ['clerk_model', 'cashier_tool', 'approve_pay', 'approve_pay_2', 'cashier_tool_2', 'clerk_model_2'].toSorted(),
    );
    expect((await recordsOf(second)).find(({ id }) => id === 'cashier_tool_2')).toMatchObject({
      type: 'tool_call',
      metadata: { tool_calls: { cashier_tool_2: { tool: 'cashier' } } },
    });
  }
  await answerNamed(open, 'go', null);
  await using third = await open();
  expect(outputOf(await untilRest(third, subject))).toEqual({ text: 'Done.', requests: 4 });
  expect(paid).toEqual(['Ada']);
  expect([inner.calls, outer.calls].map(({ length }) => length)).toEqual([2, 2]);
  expect(JSON.stringify(inner.calls[1]?.request.input)).toContain('not known');
  expect(JSON.stringify(outer.calls[1]?.request.input)).toContain('Ada is paid.');
});

test('an agent that is a tool and must be approved itself is asked about once, by the flow', async () => {
  const { paid, inner, subject } = office({ isToolApproved: true, cashierModel: new ScriptedModel([says('No need.')]) });
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, subject))).toMatchObject([{ name: 'approve_cashier' }]);
    expect(inner.calls).toHaveLength(0);
  }
  await answerNamed(open, 'approve_cashier', { approved: true });
  await using second = await open();
  expect(ticketsOf(await untilRest(second, subject))).toMatchObject([{ name: 'go' }]);
  expect(inner.calls).toHaveLength(1);
  expect(paid).toEqual([]);
});

test('where a run is one checkpoint, an approval inside an agent that is a tool interrupts the run', async () => {
  const { paid, inner, outer, subject } = office({ strategy: 'runner_call' });
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, subject))).toMatchObject([
      { name: 'approve_pay' },
      { name: 'approve_pay_2' },
    ]);
    expect(await callsOf(first)).toEqual(['clerk_run']);
  }
  await answerNamed(open, 'approve_pay', { approved: true });
  await answerNamed(open, 'approve_pay_2', { approved: true });
  {
    await using second = await open();
    expect(ticketsOf(await untilRest(second, subject))).toMatchObject([{ name: 'go' }]);
  }
  expect(paid.toSorted()).toEqual(['Ada', 'Eve']);
  expect([inner.calls, outer.calls].map(({ length }) => length)).toEqual([2, 2]);
});

test('an agent that is a tool asks the provider of the run for its model', async () => {
  const cashierModel = new ScriptedModel([says('Nothing to pay.')]);
  const names: (string | undefined)[] = [];
  const modelProvider = { getModel: (name?: string) => (names.push(name), cashierModel) };
  const { subject } = office({ runConfig: { tracingDisabled: true, modelProvider }, cashierModel });
  await using runtime = await openDisk()();
  expect(ticketsOf(await untilRest(runtime, subject))).toMatchObject([{ name: 'go' }]);
  expect(names).toContain('cashier-model');
  expect((await recordsOf(runtime)).find(({ id }) => id === 'cashier_tool')).toMatchObject({
    metadata: { llm_calls: { clerk_model: {} } },
  });
});
