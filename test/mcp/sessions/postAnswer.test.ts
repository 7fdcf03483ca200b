/** The answer to a request among what comes back with it. */
import { expect, test } from 'vitest';
import { resultIn } from '../../../src/mcp/sessions/postAnswer.ts';

const refusal = { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'Unknown notification.' } };
const answer = { jsonrpc: '2.0', id: '7', result: { paid: true } };

test('an error without an id is about the request only when the list has no answer to it', async () => {
  const json = (value: unknown) => new Response(JSON.stringify(value));
  expect(await resultIn(json([refusal, answer]), '7')).toEqual({ result: { paid: true } });
  await expect(resultIn(json([refusal]), '7')).rejects.toThrow('Unknown notification.');
});
