/** Tool servers of the older transport: a stream of events, and a POST for each message. */
import { expect, test } from 'vitest';
import { mayFollow } from '../../../src/mcp/sessions/mayFollow.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { rejectionOf, testScope } from '../../../src/testing/suites/scope.ts';
import { openSessions, taskServer } from './open.ts';
import { plainServer } from './plainServer.ts';

const { signal } = testScope();
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

test.each(['absolute', 'relative', 'bare'] as const)(
  'messages go to the %s address that the stream names, and answers may come on the stream',
  async (stream) => {
    await using server = await plainServer({ stream, later: true });
    await using sessions = openSessions();
    const tools = sessions.tools(
      taskServer(`${server.url}/`, { auth: { header: 'authorization', value: 'Bearer abcdef' } }),
    );
    expect(await tools.list(signal)).toHaveLength(2);
    const calls = ['a', 'b', 'c'].map((k) => tools.call('kv_get', { k }, testScope()));
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'].map((k) => JSON.stringify({ echo: { k } })));
    expect(server.streams).toMatchObject([{ url: '/sse', headers: { authorization: 'Bearer abcdef' } }]);
    for (const { url } of server.sent) expect(url).toBe('/messages?s=1');
  },
);

test('an address that is named late is waited for', async () => {
  await using server = await plainServer({ stream: 'wait' });
  await using sessions = openSessions({ clock: virtualClock() });
  const listed = sessions.tools(taskServer(server.url)).list(signal);
  await until(() => server.streams.length === 1);
  expect(server.sent).toEqual([]);
  server.name();
  expect(await listed).toHaveLength(2);
  expect(server.sent[0]?.url).toBe('/messages?s=1');
});

test('a stream that names no address costs ten seconds once', async () => {
  await using server = await plainServer({ stream: 'wait' });
  const clock = virtualClock();
  await using sessions = openSessions({ clock });
  const tools = sessions.tools(taskServer(server.url));
  const listed = tools.list(signal);
  await until(() => server.streams.length === 1);
  clock.advance(9_999);
  expect(server.sent).toEqual([]);
  clock.advance(1);
  expect(await listed).toHaveLength(2);
  // The clock stands still: a second wait would never end.
  await tools.list(signal);
  await tools.call('kv_get', {}, testScope());
  // Also when the session was closed meanwhile.
  clock.advance(60_000);
  expect(sessions.open).toBe(0);
  await tools.list(signal);
  expect(server.streams).toHaveLength(1);
  expect(server.sent.every(({ url }) => url === '/')).toBe(true);
});

test.each([400, 401])(
  'status %i means that the session is over: it is opened again, and the call made once more',
  async (status) => {
    await using server = await plainServer({
      stream: 'relative',
      instead: ({ method }, response, count) => {
        if (method !== 'tools/call' || count > 1) return false;
        response.writeHead(status).end();
        return true;
      },
    });
    await using sessions = openSessions();
    const tools = sessions.tools(taskServer(server.url));
    await tools.list(signal);
    expect(await tools.call('kv_get', { k: 1 }, testScope())).toBe('{"echo":{"k":1}}');
    expect(server.streams).toHaveLength(2);
    expect(server.methods).toEqual(['tools/list', 'tools/call', 'tools/call']);
  },
);

test('a session that is refused twice is a failure', async () => {
  await using server = await plainServer({
    stream: 'relative',
    instead: ({ method }, response) => {
      if (method !== 'tools/call') return false;
      response.writeHead(401).end();
      return true;
    },
  });
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  expect(await rejectionOf(tools.call('kv_get', {}, testScope()))).toMatchObject({ kind: 'auth' });
  expect(server.methods).toEqual(['tools/list', 'tools/call', 'tools/call']);
});

test('a call whose stream ends before the answer may have been made', async () => {
  await using server = await plainServer({
    stream: 'relative',
    instead: ({ method }, response) => {
      if (method !== 'tools/call') return false;
      response.writeHead(202).end(() => server.hangUp());
      return true;
    },
  });
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  expect(await rejectionOf(tools.call('kv_get', {}, testScope()))).toMatchObject({
    kind: 'environment',
    data: { sent: true },
  });
});

test('a stream that has ended is opened again', async () => {
  await using server = await plainServer({ stream: 'relative', later: true });
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  server.hangUp();
  // The first call may be sent before the end of the stream has arrived.
  await tools.call('kv_get', {}, testScope()).catch(() => {});
  expect(await tools.call('kv_get', {}, testScope())).toBe('{"echo":{}}');
  expect(server.streams).toHaveLength(2);
});

test('a call that is stopped tells the server', async () => {
  await using server = await plainServer({
    stream: 'relative',
    instead: ({ method }, response) => {
      if (method !== 'tools/call') return false;
      response.writeHead(202).end();
      return true;
    },
  });
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  const scope = testScope();
  const failure = rejectionOf(tools.call('kv_get', {}, scope));
  await until(() => server.methods.includes('tools/call'));
  await new Promise((resolve) => setImmediate(resolve));
  scope.abort();
  expect(await failure).toMatchObject({ kind: 'cancelled' });
  await until(() => server.methods.includes('notifications/cancelled'));
});

test('an address for messages at another host is sent no credential', async () => {
  await using server = await plainServer({ stream: 'elsewhere' });
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url, { auth: { header: 'x-key', value: 'sk-7777777' } }));
  expect(await tools.list(signal)).toHaveLength(2);
  for (const { url } of server.sent) expect(url).toBe('/');
});

test.each([
  ['https://a.example/x', 'https://a.example/y', true],
  ['https://a.example/x', 'https://a.example:8443/y', true],
  ['https://a.example/x', 'http://a.example/y', false],
  ['http://a.example/x', 'https://a.example/y', true],
  ['http://localhost:1/x', 'http://127.0.0.1:2/y', true],
  ['http://a.example/x', 'http://b.example/y', false],
  ['http://a.example/x', 'ftp://a.example/y', false],
])('a server at %s that names %s for its messages is followed: %s', (base, endpoint, follows) => {
  expect(mayFollow(new URL(base), new URL(endpoint))).toBe(follows);
});
