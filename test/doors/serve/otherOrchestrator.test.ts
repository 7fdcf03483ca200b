/** A runtime works for any orchestrator that honours the contract: the callback of a step may have one URL, however often the step is given to a runtime. */
import { expect, onTestFinished, test } from 'vitest';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import { free, serveParts } from './parts.ts';
import { receiver, testProject } from './project.ts';

const post = async (url: string, body: unknown) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(202);
};

test('a step goes on after a decision, and a request that comes again is answered again without being done again', async () => {
  const call = { calls: [{ id: 'c1', name: 'kv_set', arguments: { k: 'a' } }] };
  const made = await testProject((_, nth) => (nth === 0 ? call : { content: '{"answer":"set"}' }));
  onTestFinished(() => made[Symbol.asyncDispose]());
  made.file(
    'gateway.yaml',
    `providers: [{name: local, type: openai, config: {base_url: "${made.model.url}", api_key: k}}]
model_groups: [{name: small, models: [local/gpt-4o-mini]}]
`,
  );
  await using tools = await plainServer({ tools: () => ['kv_set'] });
  await using callbacks = await receiver();
  const { urls } = await serveParts(made, { runtime: free, gateway: free });
  // Heartbeats come to the same address, more or fewer of them.
  const ends = () => callbacks.received.filter(({ url }) => url.endsWith('/complete'));
  const said = async (count: number) => {
    await expect.poll(() => ends().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
    return JSON.parse(ends()[count - 1]?.body ?? '');
  };
  const request = {
    run_id: 'run_1',
    step_id: 's',
    callback_url: `${callbacks.url}/runs/run_1/steps/s/complete`,
    system: 'You set.',
    user_message: 'Set.',
    model: { group: 'small', max_tokens: 64 },
    tool_servers: [
      { name: 'kv', url: tools.url, allowlist: ['*'], approval_rules: [{ pattern: 'kv_set', on_reject: 'fail' }] },
    ],
    output_schema: { type: 'object', required: ['answer'] },
  };
  await post(`${urls.runtime}/invoke`, request);
  const pending = await said(1);
  expect(pending).toMatchObject({ status: 'pending_approval', pending_approval: { tool_use_id: 'c1' } });
  expect(pending.original_request).toMatchObject({ run_id: 'run_1', tool_servers: request.tool_servers });

  const resumed = {
    ...pending.original_request,
    messages: pending.messages,
    approved_tool_calls: ['c1'],
    is_resume: true,
  };
  await post(`${urls.runtime}/invoke`, resumed);
  const end = await said(2);
  expect(end).toMatchObject({ status: 'ok', output: { answer: 'set' } });
  await post(`${urls.runtime}/invoke`, resumed);
  expect(await said(3)).toEqual(end);
  expect(made.model.asked).toHaveLength(2);
  expect(tools.methods.filter((method) => method === 'tools/call')).toHaveLength(1);

  // The same step with another task is other work.
  await post(`${urls.runtime}/invoke`, { ...request, tool_servers: [], user_message: 'Set again.' });
  expect(await said(4)).toMatchObject({ status: 'ok', output: { answer: 'set' } });
});
