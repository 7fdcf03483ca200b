/** The providers of a gateway file against an independent mock of their servers, streaming and whole. */
import { LLMock } from '@copilotkit/aimock';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { groupGateway } from '../../../src/gateway/groups/groupGateway.ts';
import { gatewayProblem } from '../../../src/gateway/groups/codes.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { callOf, gatewayFile } from './gatewayFile.ts';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
beforeAll(() => mock.start());
afterAll(() => mock.stop());
afterEach(() => void mock.reset());

const open = (type: string, url: string, model: string) =>
  groupGateway(
    gatewayFile({
      providers: [{ name: 'p', type, config: { base_url: url, api_key: 'sk-canary' } }],
      groups: [{ models: [`p/${model}`] }],
    }),
    { clock: virtualClock(), env: {}, retry: { times: 1 } },
  );

test.each([
  ['openai', '/v1', 'gpt-4o-mini'],
  ['anthropic', '', 'claude-sonnet-4-5'],
  ['anthropic', '/v1', 'claude-sonnet-4-5'],
  ['google', '/v1beta', 'gemini-2.5-flash'],
])('a provider of the type %s at %s answers, and calls tools', async (type, path, model) => {
  mock.onMessage('Hello', { content: 'Hi there' });
  mock.onMessage('Look', { toolCalls: [{ name: 'look', arguments: JSON.stringify({ at: 'here' }) }] });
  const gateway = open(type, mock.url + path, model);
  expect(await gateway.invoke(callOf('standard'))).toMatchObject({ content: 'Hi there', model_resolved: `p/${model}` });
  const tools = [
    { name: 'look', description: 'Looks.', input_schema: { type: 'object', properties: { at: { type: 'string' } } } },
  ];
  const messages = [{ role: 'user' as const, content: 'Look' }];
  expect(await gateway.invoke(callOf('standard', { messages, tools }))).toMatchObject({
    tool_calls: [{ name: 'look', arguments: { at: 'here' } }],
  });
});

/** A server of Anthropic's wire format that does not stream. */
async function messagesServer(status: number, body: object) {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A listening TCP server has an address with a port.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('an answer of Anthropic that comes whole is read', async () => {
  await using server = await messagesServer(200, {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-3-haiku-20240307',
    content: [
      { type: 'text', text: 'Let me look.' },
      { type: 'tool_use', id: 't1', name: 'look', input: { at: 'here' } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 100, output_tokens: 20 },
  });
  const gateway = open('anthropic', server.url, 'claude-3-haiku-20240307');
  expect(await gateway.invoke(callOf('standard'))).toEqual({
    content: 'Let me look.',
    model_resolved: 'p/claude-3-haiku-20240307',
    tokens_in: 100,
    tokens_out: 20,
    cost_usd: 0.00005,
    tool_calls: [{ id: 't1', name: 'look', arguments: { at: 'here' } }],
  });
});

test('an account of Anthropic without credit is a budget that is exceeded', async () => {
  const error = { type: 'invalid_request_error', message: 'Your credit balance is too low to access the API.' };
  await using server = await messagesServer(400, { type: 'error', error });
  const failed = await open('anthropic', server.url, 'claude-sonnet-4-5')
    .invoke(callOf('standard'))
    .catch(gatewayProblem);
  expect(failed).toMatchObject({ status: 402, body: { error: 'budget_exceeded', retryable: false } });
});

test('an Anthropic server that is overloaded may be tried again', async () => {
  await using server = await messagesServer(529, {
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
  });
  const failed = await open('anthropic', server.url, 'claude-sonnet-4-5')
    .invoke(callOf('standard'))
    .catch(gatewayProblem);
  expect(failed).toMatchObject({ status: 502, body: { error: 'provider_error', retryable: true } });
});
