/** MCP servers over Streamable HTTP: headers, lost sessions, broken connections and limits. */
import { expect, test } from 'vitest';
import { catalog } from '../../src/tools/catalog.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { httpPeer } from './httpPeer.ts';
import { listChanged, open } from './open.ts';

const { signal } = testScope();

test('headers are sent with every request, and never shown', async () => {
  await using peer = await httpPeer();
  const headers = { authorization: 'Bearer canary-of-mine', 'x-team': 'blue team' };
  await using source = open({ name: 'peer', url: `${peer.url}?key=canary-too`, headers });
  await source.list(signal);
  expect(peer.headers.length).toBeGreaterThan(2);
  for (const sent of peer.headers) expect(sent).toMatchObject(headers);

  peer.refuse(500);
  const failure = await rejectionOf(source.call('add', { a: 1, b: 2 }, testScope()));
  expect(failure).toMatchObject({ kind: 'transient', retryable: true, data: { status: 500 } });
  expect(JSON.stringify(failure)).not.toMatch(/canary/);
});

test.each([
  [401, 'auth', false],
  [403, 'auth', false],
  [429, 'transient', true],
  [503, 'transient', true],
])('a server that answers %i fails with %s', async (status, kind, retryable) => {
  await using peer = await httpPeer();
  peer.refuse(status);
  await using source = open({ name: 'peer', url: peer.url }, { tries: 1 });
  expect(await rejectionOf(source.list(signal))).toMatchObject({
    kind,
    retryable,
    message: expect.stringContaining('"peer" failed while connecting'),
  });
});

test('an address where no server listens is named', async () => {
  const { url } = await (async () => {
    await using peer = await httpPeer();
    return peer;
  })();
  await using source = open({ name: 'peer', url }, { tries: 1 });
  expect(await rejectionOf(source.list(signal))).toMatchObject({
    kind: 'environment',
    retryable: true,
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a server that lost the session is connected to again', async () => {
  const clock = virtualClock();
  await using peer = await httpPeer();
  await using source = open({ name: 'peer', url: peer.url }, {}, clock);
  await source.list(signal);
  peer.restart();
  const failure = await rejectionOf(source.call('add', { a: 1, b: 2 }, testScope()));
  expect(failure).toMatchObject({ kind: 'environment', retryable: true, data: { sent: true } });
  const again = source.call('add', { a: 1, b: 2 }, testScope());
  clock.advance(250);
  expect(await again).toEqual({ sum: 3 });
});

test('a server that is cut off in the middle of a call fails it', async () => {
  await using peer = await httpPeer();
  await using source = open({ name: 'peer', url: peer.url });
  const scope = testScope();
  const started = scope.heard();
  const failure = rejectionOf(source.call('wait', {}, scope));
  await started;
  peer.restart();
  expect(await failure).toMatchObject({ kind: 'environment', retryable: true, data: { sent: true } });
});

test('an answer that breaks off fails its call, although the server is still there', async () => {
  await using peer = await httpPeer();
  await using source = open({ name: 'peer', url: peer.url });
  const scope = testScope();
  const started = scope.heard();
  const failure = rejectionOf(source.call('wait', {}, scope));
  await started;
  peer.cut();
  expect(await failure).toMatchObject({ kind: 'environment', retryable: true, data: { sent: true } });
  expect(await source.call('add', { a: 1, b: 2 }, testScope())).toEqual({ sum: 3 });
});

test('a server that gets a new tool is listed again', async () => {
  await using peer = await httpPeer({ conduct: 'odd' });
  await using source = open({ name: 'peer', url: peer.url });
  await using all = catalog([source]);
  await all.list(signal);
  const changed = listChanged(source);
  await source.call('grow', {}, testScope());
  await changed;
  expect(await all.call('peer__extra', {}, testScope())).toBe('extra');
});

test('an endless answer is cut off', async () => {
  await using peer = await httpPeer({
    answer(_, response) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = 'x'.repeat(1024 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more);
      };
      more();
    },
  });
  await using source = open({ name: 'peer', url: peer.url }, { tries: 1 });
  expect((await rejectionOf(source.list(signal))).message).toContain('larger than 8 MB');
});

test('an endless event is cut off', async () => {
  await using peer = await httpPeer({
    answer(_, response) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = `data: ${'x'.repeat(1024 * 1024)}\n`;
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more);
      };
      more();
    },
  });
  await using source = open({ name: 'peer', url: peer.url }, { tries: 1, protocol: 'legacy' });
  expect((await rejectionOf(source.list(signal))).message).toContain('larger than 8 MB');
});

test('the size limit applies to each event, not to their sum', async () => {
  await using peer = await httpPeer({ conduct: 'odd' });
  await using source = open({ name: 'peer', url: peer.url });
  const scope = testScope();
  expect(await source.call('talk', { megabytes: 10 }, scope)).toBe('done');
  expect(scope.said).toHaveLength(10);
});

test('a redirect is not followed with our headers', async () => {
  await using other = await httpPeer();
  await using peer = await httpPeer({
    answer: (_, response) => void response.writeHead(307, { location: other.url }).end(),
  });
  await using source = open({ name: 'peer', url: peer.url, headers: { authorization: 'Bearer canary' } }, { tries: 1 });
  expect(await rejectionOf(source.list(signal))).toMatchObject({ kind: 'environment', retryable: false });
  expect(other.headers).toEqual([]);
});

test('an address that answers with a web page is not accepted as a server', async () => {
  await using peer = await httpPeer({
    answer: (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  });
  await using source = open({ name: 'peer', url: peer.url }, { tries: 1 });
  expect(await rejectionOf(source.list(signal))).toMatchObject({ kind: 'environment', retryable: false });
});

test('a server that never answers is given up in the time allowed', async () => {
  const clock = virtualClock();
  let asked = () => {};
  const wasAsked = new Promise<void>((resolve) => (asked = resolve));
  await using peer = await httpPeer({ answer: () => asked() });
  await using source = open({ name: 'peer', url: peer.url }, { tries: 1 }, clock);
  const failure = rejectionOf(source.list(signal));
  await wasAsked;
  clock.advance(30_000);
  expect(await failure).toMatchObject({ kind: 'timeout' });
});
