/** Every thrown value becomes a failure that says what kind it is and whether to retry. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { toFailure, TroupeError } from '../../src/values/failure.ts';

const caused = (code: string, message = '') =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) });

test('a refused connection is a retryable failure that names the server', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  const thrown: unknown = await fetch(`http://127.0.0.1:${port}`).catch((error: unknown) => error);
  expect(toFailure(thrown)).toMatchObject({
    kind: 'transient',
    retryable: true,
    message: expect.stringMatching(/fetch failed: .*ECONNREFUSED/) as string,
  });
});

test.each([
  ['ECONNRESET', 'transient', true],
  ['EAI_AGAIN', 'transient', true],
  ['UND_ERR_SOCKET', 'transient', true],
  ['ETIMEDOUT', 'timeout', true],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout', true],
  ['ENOTFOUND', 'environment', false],
  ['ENOENT', 'internal', false],
])('an error that was caused by %s is %s', (code, kind, retryable) => {
  expect(toFailure(caused(code))).toMatchObject({ kind, retryable, message: expect.stringContaining(code) as string });
  expect(toFailure(new Error('Asking failed.', { cause: caused(code) }))).toMatchObject({ kind });
});

test('an elapsed time limit is a timeout, not a stop or a defect', async () => {
  const signal = AbortSignal.timeout(0);
  await new Promise((over) => signal.addEventListener('abort', over));
  expect(toFailure(signal.reason)).toMatchObject({ kind: 'timeout', retryable: true });
  expect(toFailure(new DOMException('Stopped.', 'AbortError'))).toMatchObject({ kind: 'cancelled' });
});

test('the causes of an error are in its message, each once, also when they form a circle', () => {
  const rootCause = new Error('no such column');
  const circle = new Error('outer');
  circle.cause = circle;
  const query = new Error('query failed', { cause: new Error('query failed', { cause: rootCause }) });
  expect(toFailure(query).message).toBe('Error: query failed: no such column');
  expect(toFailure(circle).message).toBe('Error: outer');
  expect(toFailure(new TroupeError('tool', 'It broke.', { cause: query })).cause).toBe('query failed: no such column');
  expect(toFailure('just words')).toMatchObject({ kind: 'internal', message: 'just words' });
});
