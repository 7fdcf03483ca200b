/** A conversation goes through the contract of the gateway and comes out as it was: what providers want back, pictures, failed calls, and what a model wrote in place of arguments. */
import { expect, test } from 'vitest';
import { GatewayInvokeRequest } from '../../../src/contracts/workflow/gatewayInvoke.ts';
import type { ModelAnswer } from '../../../src/contracts/model.ts';
import {
  callOf,
  invokeAnswerOf,
  invokeCallOf,
  modelRequestOf,
  providerIn,
} from '../../../src/gateway/groups/invoke.ts';

const provider = { model: 'google:gemini', parts: [{ type: 'call' as const, index: 0, metadata: { signature: 's' } }] };
const part = { type: 'image' as const, mediaType: 'image/png', artifact: 'a1', bytes: 3 };
const request = (...messages: unknown[]) => modelRequestOf(GatewayInvokeRequest.parse({ group: 'g', messages }));

test('what a provider wants back is handed on, and anything of another form is left out', () => {
  const said = (given: unknown) => request({ role: 'assistant', content: 'x', provider: given }).messages[0];
  expect(said(provider)).toMatchObject({ role: 'assistant', provider });
  expect(said({ model: 5 })).toEqual({ role: 'assistant', text: 'x', calls: [] });
  const answer: ModelAnswer = {
    text: 'x',
    calls: [],
    reason: 'stop',
    usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: null },
    model: 'p/m',
    provider,
  };
  expect(providerIn(invokeAnswerOf(answer).provider)).toEqual({ provider });
  expect(invokeAnswerOf({ ...answer, reason: 'length' }).finish_reason).toBe('length');
});

test('a picture has its bytes, or is known without them', () => {
  const { messages, artifact } = request({
    role: 'user',
    content: 'see',
    parts: [
      { ...part, data: 'AAAA' },
      { ...part, artifact: 'a2' },
    ],
  });
  expect(messages).toEqual([{ role: 'user', text: 'see', parts: [part, { ...part, artifact: 'a2' }] }]);
  expect(['a1', 'a2', 'a3'].map((id) => artifact?.(id))).toEqual(['AAAA', undefined, undefined]);
});

test('a call that has failed is known as one, and a request may leave out what has a default', () => {
  const { messages, maxOutputTokens, artifact } = request(
    { role: 'assistant', tool_calls: [{ id: 'c', name: 't' }] },
    { role: 'tool', content: 'no', tool_call_id: 'c', is_error: true },
  );
  expect(messages[1]).toEqual({ role: 'tool', results: [{ id: 'c', name: 't', ok: false, content: 'no' }] });
  expect([maxOutputTokens, artifact]).toEqual([1_024, undefined]);
});

test.each([
  [{ input: { a: 1 } }],
  [{ input: [1] }],
  [{ input: { _raw: 'x', more: 1 } }],
  [{ input: null, unreadable: '{"a":' }],
  [{ input: { a: '123' }, inexact: ['123'] }],
])('a call is the same afterwards: %j', (more) => {
  const call = { id: 'c', name: 't', ...more };
  expect(callOf(invokeCallOf(call))).toEqual(call);
});
