/** The tools of an agent step: which there are, how they are called, and what becomes of calls that fail. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tool } from 'troupe';
import { TroupeError, type FailureKind } from '../../../src/values/failure.ts';
import type { Json, JsonObject } from '../../../src/values/json.ts';
import type { Message } from '../../../src/contracts/model.ts';
import { isAllowedTool } from '../../../actors/workflow/agentStep/allowed.ts';
import { calling, runStep, scriptedGateway, server, startStep, task } from './agentStepWorld.ts';

const good = '{"ok":true}';
const files = { servers: [server()] };

/** A tool that says what it was called with. */
const reader = (name = 'read', run: (input: Json) => unknown = (input) => `${name} ${JSON.stringify(input)}`) =>
  tool({
    name,
    description: name,
    effect: 'read',
    input: z.looseObject({}),
    output: z.any(),
    run: async (input) => run(input as Json) as Json,
  });
const failing = (name: string, kind: FailureKind, data: JsonObject = {}) =>
  reader(name, () => {
    throw new TroupeError(kind, `${name} is broken`, { retryable: false, data });
  });
const results = (messages: readonly Message[] = []) =>
  messages.flatMap((message) => (message.role === 'tool' ? message.results : []));

describe('an agent has the tools', () => {
  const all = ['read', 'read-all', 'read-one', 'write', 'ns/tool'];
  test.each([
    ['of the names that are allowed', ['read', 'write'], ['read', 'write']],
    ['that begin with an allowed prefix', ['read-*'], ['read-all', 'read-one']],
    ['that a star allows, those with a slash too', ['*'], all],
    ['and no others', [], []],
  ])('%s', (_, allow, expected) => expect(all.filter((name) => isAllowedTool(allow, name))).toEqual(expected));

  test('that the allow-list of their server names', async () => {
    const gateway = scriptedGateway(good);
    const tools = ['read', 'read-all', 'write'].map((name) => reader(name));
    await runStep(task({ servers: [server({ allow: ['read-*', 'write'] })] }), { gateway, servers: { files: tools } });
    expect(gateway.asked[0]?.request.tools.map(({ name }) => name)).toEqual(['read-all', 'write']);
  });

  test('of the later server, when two have the same name', async () => {
    const gateway = scriptedGateway(calling(['read']), good);
    const servers = { a: [reader('read', () => 'of a')], b: [reader('read', () => 'of b'), reader('more')] };
    const two = { servers: [server({ name: 'a' }), server({ name: 'b' })] };
    expect(await runStep(task(two), { gateway, servers })).toMatchObject({ status: 'complete' });
    expect(gateway.asked[0]?.request.tools.map(({ name }) => name)).toEqual(['read', 'more']);
    expect(results(gateway.asked[1]?.request.messages)).toMatchObject([{ content: 'of b' }]);
  });
});

test('a server whose tools cannot be listed fails the step, and is named', async () => {
  const gateway = scriptedGateway(good);
  const down = { kind: 'environment' as const, message: 'connection refused', retryable: false };
  expect(await runStep(task(files), { gateway, servers: { files: down } })).toMatchObject({
    status: 'failed',
    code: 'tool_server_failed',
    failure: { kind: 'environment', message: 'discover tools from files: connection refused' },
    metrics: { llm_calls: 0 },
  });
});

test('calls and their results are messages of their own kind, in the order of the calls', async () => {
  const gateway = scriptedGateway(calling(['read', { a: 1 }], ['list', { b: 2 }]), good);
  const end = await runStep(task(files), { gateway, servers: { files: [reader('read'), reader('list')] } });
  expect(end).toMatchObject({ status: 'complete', metrics: { llm_calls: 2, tool_calls: 2 } });
  expect(gateway.asked[1]?.request.messages.slice(1)).toEqual([
    {
      role: 'assistant',
      text: '',
      calls: [
        { id: 'c0', name: 'read', input: { a: 1 } },
        { id: 'c1', name: 'list', input: { b: 2 } },
      ],
    },
    {
      role: 'tool',
      results: [
        { id: 'c0', name: 'read', ok: true, content: 'read {"a":1}' },
        { id: 'c1', name: 'list', ok: true, content: 'list {"b":2}' },
      ],
    },
  ]);
});

test('reads of one turn run together, and a write waits for those before it', async () => {
  const log: string[] = [];
  let arrive = () => {};
  const both = new Promise<void>((resolve) => (arrive = resolve));
  const meeting = (name: string) =>
    reader(name, async () => {
      log.push(name);
      if (log.length === 2) arrive();
      await both;
      log.push(`${name} ends`);
    });
  const write = tool({
    name: 'write',
    description: 'w',
    effect: 'write',
    input: z.looseObject({}),
    output: z.null(),
    run: async () => (log.push('write'), null),
  });
  const gateway = scriptedGateway(calling(['a'], ['b'], ['write'], ['c']), good);
  const c = reader('c', () => (log.push('c'), null));
  await runStep(task(files), { gateway, servers: { files: [meeting('a'), meeting('b'), write, c] } });
  expect(log).toEqual(['a', 'b', 'a ends', 'b ends', 'write', 'c']);
});

test('no tools are offered in the last turn, and calls that come all the same are not made', async () => {
  const gateway = scriptedGateway(calling(['read']));
  expect(await runStep(task(files), { gateway, servers: { files: [reader()] } })).toMatchObject({
    code: 'max_turns_exceeded',
    metrics: { llm_calls: 3, tool_calls: 2 },
  });
  expect(gateway.asked.map(({ request }) => request.tools.length)).toEqual([1, 1, 0]);
});

describe('a call that fails', () => {
  test('in the tool is shown to the model, however often', async () => {
    const call = calling(['read']);
    const gateway = scriptedGateway(call, call, call, good);
    const end = await runStep(task({ ...files, maxTurns: 5 }), {
      gateway,
      servers: { files: [failing('read', 'tool', { isError: true })] },
    });
    expect(end).toMatchObject({ status: 'complete', metrics: { tool_calls: 3 } });
    expect(results(gateway.asked[3]?.request.messages)[0]).toMatchObject({ ok: false, content: 'read is broken' });
  });

  test.each<FailureKind>(['environment', 'tool'])('in the server (%s) fails the step at once', async (kind) => {
    const gateway = scriptedGateway(calling(['read'], ['list']), good);
    const tools = [failing('read', kind), reader('list')];
    expect(await runStep(task(files), { gateway, servers: { files: tools } })).toMatchObject({
      code: 'tool_call_failed',
      failure: { message: 'tool call read: read is broken' },
      metrics: { llm_calls: 1, tool_calls: 1 },
    });
  });

  test('because its arguments are no JSON is shown to the model', async () => {
    const broken = calling(['read']);
    const gateway = scriptedGateway(
      { ...broken, calls: broken.calls.map((call) => ({ ...call, unreadable: '{' })) },
      good,
    );
    expect(await runStep(task(files), { gateway, servers: { files: [reader()] } })).toMatchObject({
      metrics: { tool_calls: 0 },
    });
    expect(results(gateway.asked[1]?.request.messages)).toMatchObject([
      { ok: false, content: expect.stringContaining('not JSON') as string },
    ]);
  });
});

describe('a tool that there is not', () => {
  test('fails the step at once, and nothing is called beside it', async () => {
    const gateway = scriptedGateway(calling(['read'], ['drop']), good);
    expect(await runStep(task(files), { gateway, servers: { files: [reader()] } })).toMatchObject({
      code: 'tool_not_permitted',
      failure: { message: expect.stringContaining('tool_not_permitted: drop') as string },
      metrics: { llm_calls: 1, tool_calls: 0 },
    });
  });
});

describe('a call that a person must agree to', () => {
  const sent: Json[] = [];
  const send = tool({
    name: 'send',
    description: 'Sends.',
    effect: 'write',
    input: z.looseObject({}),
    output: z.string(),
    run: async (input) => (sent.push(input as Json), 'sent'),
  });
  const rule = { pattern: 'send', onReject: 'fail', timeoutBehavior: 'fail' } as const;
  const gated = (change: object = {}) => task({ servers: [server({ approvals: [{ ...rule, ...change }] })] });
  const start = (change: object, ...replies: Parameters<typeof scriptedGateway>) => {
    sent.length = 0;
    const gateway = scriptedGateway(...replies);
    return startStep(gated(change), { gateway, servers: { files: [reader(), send] } }).then((step) => ({
      step,
      gateway,
    }));
  };

  test('is made once it is approved, after the calls before it', async () => {
    const { step, gateway } = await start({}, calling(['read'], ['send', { to: 'ada' }], ['read']), good);
    await using _ = step;
    const [ticket, ...others] = await step.ticket();
    expect(others).toEqual([]);
    expect(ticket).toMatchObject({ subject: { tool: 'send', input: { to: 'ada' } } });
    expect(sent).toEqual([]);
    await step.runtime.answer(ticket!.id, { approved: true }, 'Ada');
    expect(await step.end()).toMatchObject({ status: 'complete', metrics: { tool_calls: 3 } });
    expect(sent).toEqual([{ to: 'ada' }]);
    expect(results(gateway.asked[1]?.request.messages).map(({ name }) => name)).toEqual(['read', 'send', 'read']);
  });

  test('has a ticket of its own, also when there are several in one turn', async () => {
    const { step } = await start({}, calling(['send', { to: 'ada' }], ['send', { to: 'bob' }]), good);
    await using _ = step;
    for (const to of ['ada', 'bob']) {
      const [ticket] = await step.ticket();
      expect(ticket).toMatchObject({ subject: { input: { to } } });
      await step.runtime.answer(ticket!.id, { approved: true }, 'Ada');
    }
    expect(await step.end()).toMatchObject({ status: 'complete' });
    expect(sent).toEqual([{ to: 'ada' }, { to: 'bob' }]);
  });

  test('and is rejected fails the step', async () => {
    const { step } = await start({}, calling(['send'], ['read']), good);
    await using _ = step;
    await step.runtime.answer((await step.ticket())[0]!.id, { approved: false, note: 'not today' }, 'Ada');
    expect(await step.end()).toMatchObject({
      code: 'approval_rejected',
      failure: { kind: 'denied', message: 'The call of tool "send" was rejected. Denied by Ada: not today' },
      metrics: { tool_calls: 0 },
    });
    expect(sent).toEqual([]);
  });

  test('and is rejected is shown to a model that may recover', async () => {
    const { step, gateway } = await start({ onReject: 'recover' }, calling(['send'], ['read']), good);
    await using _ = step;
    await step.runtime.answer((await step.ticket())[0]!.id, { approved: false, note: 'not today' }, 'Ada');
    expect(await step.end()).toMatchObject({ status: 'complete', metrics: { tool_calls: 1 } });
    expect(results(gateway.asked[1]?.request.messages)[0]).toMatchObject({
      ok: false,
      content: 'Denied by Ada: not today Find another way, or answer without it.',
    });
  });

  test.each([
    ['fails the step', { timeoutBehavior: 'fail', onReject: 'recover' }, { code: 'approval_timed_out' }],
    [
      'counts as a rejection that fails',
      { timeoutBehavior: 'reject', onReject: 'fail' },
      { code: 'approval_rejected' },
    ],
    ['counts as a rejection that is shown', { timeoutBehavior: 'reject', onReject: 'recover' }, { status: 'complete' }],
  ])('and is not answered in time %s', async (_name, change, expected) => {
    const { step } = await start({ ...change, timeout: 60_000 }, calling(['send']), good);
    await using _ = step;
    await step.ticket();
    await step.runtime.advance(60_001);
    expect(await step.end()).toMatchObject(expected);
    expect(sent).toEqual([]);
  });

  test('waits as long as it takes without a limit', async () => {
    const { step } = await start({}, calling(['send']), good);
    await using _ = step;
    const [ticket] = await step.ticket();
    await step.runtime.advance('30d');
    await step.runtime.answer(ticket!.id, { approved: true }, 'Ada');
    expect(await step.end()).toMatchObject({ status: 'complete' });
  });
});

describe('secrets', () => {
  const secret = 'tok-123456';
  const sealed = [
    { path: ['servers', 0, 'auth', 'value'], value: { env: 'TOKEN' } },
    { path: ['servers', 0, 'params', 'key'], value: { env: 'KEY' } },
  ];
  const stored = () =>
    task(
      { servers: [server({ auth: { header: 'authorization', value: null }, params: { key: null, mode: 'fast' } })] },
      sealed,
    );
  const secrets = { TOKEN: secret, KEY: 'key-abcdef' };

  test('reach the server, and neither a prompt nor the journal', async () => {
    const gateway = scriptedGateway(calling(['read']), good);
    const step = await startStep(stored(), {
      gateway,
      secrets,
      servers: { files: [reader('read', () => ({ token: secret, all: `Bearer ${secret} key-abcdef` }))] },
    });
    await using _ = step;
    expect(await step.end()).toMatchObject({ status: 'complete' });
    expect(step.opened[0]).toMatchObject({
      credentials: { auth: secret, params: { key: 'key-abcdef', mode: 'fast' } },
    });
    expect(results(gateway.asked[1]?.request.messages)[0]?.content).toContain('[REDACTED]');
    const said = JSON.stringify(gateway.asked);
    const rows = await step.journal.find({ run: 'k' });
    const lists = await Promise.all(
      ['task', 'tools', 'transcript'].map((list) => step.journal.list('agent-step/k', list)),
    );
    const kept = JSON.stringify([rows, lists, await step.journal.ledger('k'), step.runtime.seen]);
    expect(kept).toContain('[REDACTED]');
    for (const text of Object.values(secrets)) for (const place of [said, kept]) expect(place).not.toContain(text);
  });

  test('are taken out of failures', async () => {
    const down = { kind: 'auth' as const, message: `401 for Bearer ${secret}`, retryable: false };
    const end = await runStep(stored(), { gateway: scriptedGateway(good), secrets, servers: { files: down } });
    expect(end).toMatchObject({ failure: { message: 'discover tools from files: 401 for Bearer [REDACTED]' } });
    expect(JSON.stringify(end)).not.toContain(secret);
  });
});
