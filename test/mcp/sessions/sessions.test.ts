/** Which tasks share a session with a tool server, and when it is closed. */
import { expect, test } from 'vitest';
import { virtualClock } from '../../../src/testing/clock.ts';
import { rejectionOf, testScope } from '../../../src/testing/suites/scope.ts';
import { openSessions, taskServer } from './open.ts';
import { plainServer } from './plainServer.ts';

const { signal } = testScope();

test('two credentials never share a session, and the same one does', async () => {
  await using server = await plainServer({ stream: 'relative', later: false });
  await using sessions = openSessions();
  const withKey = (value: string) => sessions.tools(taskServer(server.url, { auth: { header: 'x-key', value } }));
  const [first, second, again] = [withKey('key-one'), withKey('key-two'), withKey('key-one')];
  await Promise.all([first.list(signal), second.list(signal)]);
  await Promise.all([
    first.call('kv_get', { from: 'key-one' }, testScope()),
    second.call('kv_get', { from: 'key-two' }, testScope()),
    again.call('kv_get', { from: 'key-one' }, testScope()),
  ]);
  expect(sessions.open).toBe(2);
  expect(new Set(server.streams.map(({ headers }) => headers['x-key']))).toEqual(new Set(['key-one', 'key-two']));
  expect(server.streams).toHaveLength(2);
  for (const { params, headers, method } of server.sent)
    if (method === 'tools/call') expect(params['arguments']).toEqual({ from: headers['x-key'] });
});

test('other parameters, names of sessions and addresses have sessions of their own', async () => {
  await using server = await plainServer();
  await using sessions = openSessions();
  const servers = [
    taskServer(server.url),
    taskServer(server.url, { params: { a: '1' } }),
    taskServer(server.url, { params: { a: '2' } }),
    taskServer(server.url, { params: { a: '2' } }),
    taskServer(server.url, { persistentId: 'p' }),
    taskServer(`${server.url}/other`),
  ];
  await Promise.all(servers.map((each) => sessions.tools(each).list(signal)));
  expect(sessions.open).toBe(5);
});

test('a session that nobody uses is closed, and opened again when it is used', async () => {
  await using server = await plainServer({ stream: 'relative' });
  const clock = virtualClock();
  await using sessions = openSessions({ clock, idle: '30s' });
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  clock.advance(29_999);
  await tools.call('kv_get', {}, testScope());
  clock.advance(29_999);
  expect(sessions.open).toBe(1);
  clock.advance(1);
  expect(sessions.open).toBe(0);
  expect(await tools.call('kv_get', {}, testScope())).toBe('{"echo":{}}');
  expect(server.streams).toHaveLength(2);
});

test('after they are disposed, sessions are closed and not opened again', async () => {
  await using server = await plainServer({ stream: 'relative' });
  const sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  await sessions[Symbol.asyncDispose]();
  expect(sessions.open).toBe(0);
  expect(await rejectionOf(tools.list(signal))).toMatchObject({ kind: 'environment', data: { gone: true } });
});
