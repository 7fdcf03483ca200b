/** What an assistant can do with runs, and what it is told when it cannot. */
import { expect, test } from 'vitest';
import { TroupeError } from '../../../src/values/failure.ts';
import { recordingClient, sampleArtifact, sampleRun } from '../control/recordingClient.ts';
import { openMcp } from './openMcp.ts';

/** The tools by their names, so that none disappears by accident: an assistant's prompts may name them. */
const names = [
  'troupe_artifacts_get',
  'troupe_artifacts_list',
  'troupe_dead_letters_drop',
  'troupe_dead_letters_get',
  'troupe_dead_letters_list',
  'troupe_dead_letters_redrive',
  'troupe_deployments_delete',
  'troupe_deployments_deploy',
  'troupe_deployments_get',
  'troupe_deployments_invoke',
  'troupe_deployments_list',
  'troupe_deployments_tag',
  'troupe_deployments_untag',
  'troupe_executions_abort_wait',
  'troupe_executions_cancel',
  'troupe_executions_diff',
  'troupe_executions_get',
  'troupe_executions_input',
  'troupe_executions_latest',
  'troupe_executions_list',
  'troupe_executions_logs',
  'troupe_executions_pause',
  'troupe_executions_plan',
  'troupe_executions_prune',
  'troupe_executions_replay',
  'troupe_executions_resume',
  'troupe_executions_retry',
  'troupe_executions_run',
  'troupe_executions_signal',
  'troupe_schedules_create',
  'troupe_schedules_delete',
  'troupe_schedules_get',
  'troupe_schedules_list',
  'troupe_schedules_pause',
  'troupe_schedules_resume',
  'troupe_schedules_start',
  'troupe_secrets_create',
  'troupe_secrets_delete',
  'troupe_secrets_list',
  'troupe_status',
  'troupe_waits_list',
];

test('the tools have names, descriptions and schemas, and each says whether it changes something', async () => {
  const { begin, request } = await openMcp(recordingClient().client);
  expect((await begin()).result).toMatchObject({ serverInfo: { name: 'troupe', version: '1.2.3' } });
  const { tools = [] } = (await request('tools/list')).result ?? {};
  expect(tools.map(({ name }) => name)).toEqual(names);
  for (const { description, inputSchema } of tools) {
    expect(description).toMatch(/\.$/);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    for (const field of Object.values(inputSchema.properties)) expect(field).toHaveProperty('description');
  }
  expect(tools.find(({ name }) => name === 'troupe_executions_cancel')).toMatchObject({
    annotations: { readOnlyHint: false, destructiveHint: true },
  });
  expect(tools.find(({ name }) => name === 'troupe_executions_plan')).toMatchObject({
    annotations: { readOnlyHint: true },
  });
});

test('a call arrives at the client, and its answer comes as data and as text', async () => {
  const { client, calls } = recordingClient();
  const { begin, call } = await openMcp(client);
  await begin();
  const { result } = await call('troupe_executions_run', { flow: 'greet', input: { who: 'ada' }, key: 'k' });
  expect(result?.structuredContent).toEqual(sampleRun);
  expect(JSON.parse(result?.content?.[0]?.text ?? '')).toEqual(sampleRun);
  expect((await call('troupe_waits_list')).result?.structuredContent).toMatchObject({ items: [{ name: 'ok' }] });
  expect((await call('troupe_status', {})).result?.structuredContent).toMatchObject({ version: '1.2.3' });
  expect(calls).toEqual([
    ['executions.start', { flow: 'greet' }, { who: 'ada' }, { key: 'k' }],
    ['executions.pendingWaits'],
  ]);
});

test('wrong arguments are told with their fields, and nothing is done', async () => {
  const { client, calls } = recordingClient();
  const { begin, call } = await openMcp(client);
  await begin();
  const text = async (name: string, args: object) => {
    const { result } = await call(name, args);
    return [result?.isError, result?.content?.[0]?.text];
  };
  expect(await text('troupe_executions_get', { id: 'r1' })).toEqual([
    true,
    expect.stringMatching(/^invalid: .*"exec_id".*Its fields are: exec_id\.$/),
  ]);
  expect(await text('troupe_executions_list', { limit: 0 })).toEqual([true, expect.stringContaining('"limit"')]);
  expect(calls).toEqual([]);
});

test('a tool that there is not is an error of the protocol, and the connection goes on', async () => {
  const { begin, call } = await openMcp(recordingClient().client);
  await begin();
  expect((await call('troupe_rm_rf')).error).toMatchObject({
    code: -32_602,
    message: expect.stringContaining('List the tools'),
  });
  expect((await call('troupe_status')).error).toBeUndefined();
});

test('what the server refuses is an error of the tool with its kind and what to do; a defect is not described', async () => {
  const { client } = recordingClient({
    executions: {
      retry: async () => {
        throw new TroupeError('conflict', 'The run "r1" is completed. Only failed runs can be retried; replay it.');
      },
      resume: async () => {
        throw new TroupeError('owned_elsewhere', 'Another process has it.');
      },
      pause: async () => {
        throw new Error('password=hunter2');
      },
    },
  });
  const { begin, call } = await openMcp(client);
  await begin();
  const text = async (name: string) => (await call(name, { exec_id: 'r1' })).result?.content?.[0]?.text;
  expect(await text('troupe_executions_retry')).toBe(
    'conflict: The run "r1" is completed. Only failed runs can be retried; replay it.',
  );
  expect(await text('troupe_executions_resume')).toMatch(/may succeed later\.$/);
  expect(await text('troupe_executions_pause')).not.toContain('hunter2');
});

test('two calls at once are answered each for itself, in the order in which they end', async () => {
  let finish = () => {};
  const slow = new Promise<void>((resolve) => (finish = resolve));
  const { client } = recordingClient({
    executions: {
      get: async (exec) => {
        if (exec === 'slow') await slow;
        return { ...sampleRun, exec_id: exec };
      },
    },
  });
  const { begin, call } = await openMcp(client);
  await begin();
  const first = call('troupe_executions_get', { exec_id: 'slow' });
  const second = await call('troupe_executions_get', { exec_id: 'quick' });
  finish();
  expect([second, await first].map(({ result }) => result?.structuredContent?.['exec_id'])).toEqual(['quick', 'slow']);
});

test('a long answer is cut where it is long, and says how to get the rest', async () => {
  const long = 'x'.repeat(30_000);
  const { client } = recordingClient({
    executions: { get: async () => ({ ...sampleRun, result: { a: long, b: long }, metadata: { kept: 'short' } }) },
  });
  const { begin, call } = await openMcp(client);
  await begin();
  const { result } = await call('troupe_executions_get', { exec_id: 'r1' });
  const { cut, ...run } = result?.structuredContent ?? {};
  expect(cut).toContain('troupe_artifacts_get');
  expect(run).toMatchObject({ exec_id: 'r1', status: 'completed', metadata: { kept: 'short' } });
  expect(JSON.stringify(result?.structuredContent).length).toBeLessThan(45_000);
  expect(JSON.stringify(run)).toContain('22000 characters are cut');
});

test('a long artifact is read in parts, which together are the whole', async () => {
  const value = Array.from({ length: 9_000 }, (_, i) => i);
  const { client } = recordingClient({
    artifacts: { get: async () => ({ ...sampleArtifact, value, value_format: 'json' as const }) },
  });
  const { begin, call } = await openMcp(client);
  await begin();
  let text = '';
  let offset: unknown = 0;
  for (let parts = 0; offset !== undefined && parts < 10; parts++) {
    const { structuredContent = {} } = (await call('troupe_artifacts_get', { artifact_id: 'a', offset })).result ?? {};
    text += String(structuredContent['value']);
    offset = structuredContent['next_offset'];
  }
  expect(JSON.parse(text)).toEqual(value);
});

test('without the token of the server there are no tools for what is installed there, and no files', async () => {
  const { begin, request, call } = await openMcp(recordingClient().client, false);
  await begin();
  const { tools = [] } = (await request('tools/list')).result ?? {};
  expect(names.filter((name) => !tools.some((tool) => tool.name === name))).toEqual([
    'troupe_deployments_delete',
    'troupe_deployments_deploy',
    'troupe_deployments_tag',
    'troupe_deployments_untag',
    'troupe_executions_prune',
    'troupe_schedules_create',
    'troupe_schedules_delete',
    'troupe_schedules_pause',
    'troupe_schedules_resume',
    'troupe_secrets_create',
    'troupe_secrets_delete',
  ]);
  expect((await call('troupe_executions_run', { file: '/etc/x.ts' })).result).toMatchObject({ isError: true });
});

test('lines that are no messages do not end the connection, and the end of the input does', async () => {
  const { begin, call, input, server } = await openMcp(recordingClient().client);
  input.write('this is no JSON\n{"jsonrpc":"2.0"}\n[]\n\n');
  await begin();
  expect((await call('troupe_status')).result?.isError).toBeUndefined();
  input.end();
  await server.closed;
});
