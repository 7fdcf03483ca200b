/** No secret of a server's options is in an error. */
import { expect, test } from 'vitest';
import { errorContext, toServerError } from '../../src/mcp/errors.ts';
import { parseAddress } from '../../src/mcp/address.ts';

const address = parseAddress({
  name: 'files',
  url: 'https://files.example/mcp',
  headers: { Authorization: 'Bearer sk/Geheim+1', Mode: 'fast' },
});

test.each([
  ['as it is', 'no such key: sk/Geheim+1'],
  ['in a URL', `https://x/?key=${encodeURIComponent('sk/Geheim+1')}`],
  ['in base64', `Basic ${Buffer.from('user:sk/Geheim+1').toString('base64')}`],
])("one of our secrets in a server's message is masked %s", (_, text) => {
  const { message } = toServerError(errorContext(address), 'calling', new Error(text));
  expect(message).toContain('[redacted]');
  expect(Buffer.from(message.split(' ').at(-1)!, 'base64').toString()).not.toContain('Geheim');
  expect(message).not.toContain('Geheim');
});

test('a short header value is not masked', () => {
  expect(toServerError(errorContext(address), 'calling', new Error('fast mode is off')).message).toContain(
    'fast mode is off',
  );
});
