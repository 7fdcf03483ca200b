/** The HTTP servers of a process: whatever is sent to them, and whatever throws behind them, the process goes on. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { inspector } from '../../src/observe/inspector.ts';
import { httpServer } from '../../src/observe/httpServer.ts';
import { portOf } from '../../src/observe/localPort.ts';
import { probes } from '../../src/observe/probes.ts';
import { commit } from './inspections.ts';

/** What would end the process, were this not a test. */
const fatal: unknown[] = [];
const remember = (thrown: unknown) => void fatal.push(thrown);
let others: NodeJS.UncaughtExceptionListener[] = [];
beforeEach(() => {
  others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', remember);
});
afterEach(() => {
  process.removeAllListeners('uncaughtException');
  for (const listener of others) process.on('uncaughtException', listener);
  expect(fatal.splice(0)).toEqual([]);
});

/** The status line of the answer to these bytes; undefined when the connection was closed without one. */
const send = (port: number, text: string) =>
  new Promise<number | undefined>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('data', () => socket.end());
    socket.on('error', () => {});
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]) || undefined));
  });

const targets = [
  '//',
  '//?token=x',
  '///',
  '//[',
  '/\\\\',
  '*',
  'http://[',
  'http://a:b:c/',
  '/%',
  '/%ff%fe?token=%',
  '/?token=%E0%A4%A',
  '/?token&token=&=',
  '/feed//',
  '?',
  '?token',
  '\u0000',
  `/${'a'.repeat(9_000)}`,
];
const methods = ['GET', 'HEAD', 'POST', 'OPTIONS', 'CONNECT', 'NOSUCH'];
const requests = targets.flatMap((target) => [
  ...methods.map((method) => `${method} ${target} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n`),
  `GET ${target} HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n`,
  `GET ${target} HTTP/1.0\r\n\r\n`,
]);

test.each(['inspector', 'probes'])(
  'no request to the %s ends the process or gets what a token protects',
  async (kind) => {
    await using served =
      kind === 'inspector'
        ? await inspector({ token: 'letmein' })
        : await probes({ port: 0, notReadyReason: () => undefined });
    const port = Number(new URL(served.url).port);
    const statuses = new Set<number | undefined>();
    for (const text of requests) statuses.add(await send(port, text.replace('HOST', `127.0.0.1:${port}`)));
    expect([...statuses].filter((status) => status !== undefined && (status < 400 || status >= 500))).toEqual([]);
    expect(statuses).toContain(404);
    expect(await send(port, 'nonsense\r\n\r\n')).toBe(400);
  },
);

test('a chart that cannot be drawn disconnects the viewer that asked for it, and nothing else', async () => {
  let broken = true;
  await using view = await inspector({
    token: 'letmein',
    definition: () => {
      if (broken) throw new Error('planted');
      return '{}';
    },
  });
  view.observe(commit({ actor: 'run/r1', parent: undefined }));
  const url = `ws://${new URL(view.url).host}/feed?token=letmein`;
  const first = new WebSocket(url);
  expect(await new Promise((resolve) => first.on('close', resolve))).toBe(1011);
  broken = false;
  const second = new WebSocket(url);
  expect(await new Promise((resolve) => second.on('message', () => resolve('shown')))).toBe('shown');
  second.terminate();
});

test('a probe that cannot tell whether the process is ready answers 500, and the next one is answered', async () => {
  let broken = true;
  await using served = await probes({
    port: 0,
    notReadyReason: () => {
      if (broken) throw new Error('planted');
      return undefined;
    },
  });
  expect((await fetch(`${served.url}/readyz`)).status).toBe(500);
  expect((await fetch(`${served.url}/healthz?from=balancer`)).status).toBe(200);
  broken = false;
  expect((await fetch(`${served.url}/readyz`)).status).toBe(200);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('planted');
    },
  ],
  ['rejects', () => Promise.reject(new Error('planted'))],
])('a handler that %s answers its own request only', async (_, fail) => {
  const server = httpServer({ answer: fail, upgrade: fail });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  for (const extra of ['', 'Upgrade: websocket\r\n']) {
    const connection = extra ? 'Upgrade' : 'close';
    expect(await send(port, `GET / HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n${extra}\r\n`)).toBe(500);
  }
  server.close();
});

test.each(['inspector', 'probes'])(
  'a connection that the %s cannot accept ends nothing, and the next one is served',
  async (kind) => {
    await using served =
      kind === 'inspector'
        ? await inspector({ token: 'letmein' })
        : await probes({ port: 0, notReadyReason: () => undefined });
    const url = kind === 'inspector' ? served.url : `${served.url}/healthz`;
    const servers: Server[] = [];
    const onRequest = (message: unknown) => void servers.push((message as { server: Server }).server);
    subscribe('http.server.request.start', onRequest);
    expect((await fetch(url)).status).toBe(200);
    unsubscribe('http.server.request.start', onRequest);
    // What Node emits when no file descriptor is left, which no test can bring about without harm to the others. Not only once.
    for (const server of [...servers, ...servers])
      server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expect(servers).toHaveLength(1);
    expect((await fetch(url)).status).toBe(200);
  },
);
