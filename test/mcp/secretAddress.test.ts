/** What is secret in the URL of a tool server is sent to the server, and shown nowhere. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { mcpServer } from 'troupe';
import { testScope } from '../../src/testing/suites/scope.ts';
import { rejectionOf } from '../../src/testing/suites/scope.ts';
import { open } from './open.ts';

const secrets = ['pa:ss wörd-9', 'top/secret+key', 'user-of-mcp'];
const [password = '', key = '', user = ''] = secrets;
const forms = [...secrets, ...secrets.map(encodeURIComponent), Buffer.from(`${user}:${password}`).toString('base64')];

/** A server that repeats in its error all that it was sent. */
async function echo(status: number) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const { authorization = '' } = request.headers;
    response
      .writeHead(status)
      .end(`no: ${request.url} ${authorization} ${Buffer.from(authorization.slice(6), 'base64').toString()}`);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  return { seen, port: (server.address() as AddressInfo).port };
}

test.each([
  ['http', 401],
  ['http', 500],
  ['sse', 403],
  [undefined, 404],
] as const)('transport %s, status %d: they are sent, and no error repeats them', async (transport, status) => {
  const { seen, port } = await echo(status);
  const url = `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/mcp?key=${encodeURIComponent(key)}`;
  await using source = open({ name: 'shop', url, ...(transport ? { transport } : {}) }, { tries: 1 });
  const failure = await rejectionOf(source.list(testScope().signal));
  const [first] = seen;
  expect(first?.headers.authorization).toBe(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  expect(new URL(first?.url ?? '', 'http://x').searchParams.get('key')).toBe(key);
  const said = `${failure.message} ${JSON.stringify(failure.data)} ${String(failure.cause)}`;
  for (const form of forms) expect(said).not.toContain(form);
  expect(failure.message).toContain('"shop"');
});

test.each(['htps://user:hunter22@host/mcp', 'user:hunter22@host', 'http://[hunter22', 'ftp://host/?key=hunter22'])(
  'an address that cannot be used is refused, and not repeated: %s',
  (url) => {
    const define = () => mcpServer({ name: 'shop', url });
    expect(define).toThrow(/expected an http or https address/);
    expect(define).not.toThrow(/hunter22/);
  },
);

test('a user and a password beside a header Authorization are refused, with what to do', () => {
  const define = () =>
    mcpServer({ name: 'shop', url: 'https://user:hunter22@host/mcp', headers: { Authorization: 'Bearer abcdefgh' } });
  expect(define).toThrow(/only one can be sent\. Take the part before "@" out of the url, or the header away\./);
  expect(define).not.toThrow(/hunter22|abcdefgh/);
});
