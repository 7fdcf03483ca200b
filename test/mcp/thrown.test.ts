/** What throws behind a connection to a tool server ends nothing: not the process, not the connection, not the next message. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { parseAddress } from '../../src/mcp/address.ts';
import { streamEnded } from '../../src/mcp/certainty.ts';
import { connector } from '../../src/mcp/connect.ts';
import { errorContext } from '../../src/mcp/errors.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { stdioTransport } from '../../src/mcp/stdio.ts';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { httpPeer } from './httpPeer.ts';
import { listChanged, open, openPeer } from './open.ts';

/** What would end the process, were this not a test. */
const fatal: unknown[] = [];
const remember = (thrown: unknown) => void fatal.push(thrown);
let others: [NodeJS.UncaughtExceptionListener[], NodeJS.UnhandledRejectionListener[]] = [[], []];
beforeEach(() => {
  others = [process.listeners('uncaughtException'), process.listeners('unhandledRejection')];
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  process.on('uncaughtException', remember).on('unhandledRejection', remember);
});
afterEach(async () => {
  await new Promise((turn) => setImmediate(turn)); // A rejection is found to be unhandled at the end of a turn.
  process.off('uncaughtException', remember).off('unhandledRejection', remember);
  for (const listener of others[0]) process.on('uncaughtException', listener);
  for (const listener of others[1]) process.on('unhandledRejection', listener);
  expect(fatal.splice(0)).toEqual([]);
});
const planted = () => {
  throw new Error('planted');
};

test('a listener that throws when the tools change does not keep the others from being told', async () => {
  await using source = openPeer('odd');
  await source.list(testScope().signal);
  source.onChange(planted);
  const changed = listChanged(source);
  await source.call('grow', {}, testScope());
  await changed;
  expect(await source.call('add', { a: 1, b: 2 }, testScope())).toEqual({ sum: 3 });
});

/** A program that is a server only in part: before each answer it writes these lines. */
const server = (lines: readonly string[]) => `
  const answers = {
    initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'odd', version: '1' } },
    'tools/list': { tools: [{ name: 'hi', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: 'hello' }] },
  };
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method } = JSON.parse(line);
    if (id === undefined) return;
    for (const odd of ${JSON.stringify(lines)}) console.log(odd.replaceAll('ID', id));
    console.log(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] ?? {} }));
  });`;

test('messages that fit nothing are passed over, and the call is answered', async () => {
  const lines = [
    'null', '[]', '7', '{', '{"jsonrpc":"2.0"}', '\\ufeff', '{"jsonrpc":"2.0","id":999,"result":{}}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}', '{"jsonrpc":"2.0","method":"__proto__"}',
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"ID","progress":"x"}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
    '{"jsonrpc":"2.0","id":"a","method":"sampling/createMessage","params":{"messages":7}}',
    '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"constructor","data":null}}',
    '{"jsonrpc":"2.0","id":"b","method":"toString"}',
  ]; // prettier-ignore
  await using source = open({ name: 'odd', command: process.execPath, args: ['-e', server(lines)] });
  expect(await source.call('hi', {}, testScope())).toBe('hello');
  expect(await source.call('hi', {}, testScope())).toBe('hello');
});

test('a message whose handler throws does not take with it the messages that came in the same piece', async () => {
  const program = `process.stdout.write([1, 2, 3].map((id) => JSON.stringify({ jsonrpc: '2.0', id, result: {} }) + '\\n').join('')); setTimeout(() => process.exit(3), 50);`;
  const address = parseAddress({ name: 'three', command: process.execPath, args: ['-e', program] });
  if (!('command' in address)) throw new Error('It is a program.');
  const { transport } = await stdioTransport(address, systemClock(), errorContext(address), () => {});
  const seen: unknown[] = [];
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the interface of the library has nothing else
  transport.onmessage = (message) => {
    if ('id' in message) seen.push(message.id);
    throw new Error('planted');
  };
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the interface of the library has nothing else
  transport.onerror = () => {
    throw new Error('planted as well');
  };
  const closed = new Promise<void>((resolve) => {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the same
    transport.onclose = () => {
      resolve();
      throw new Error('and here');
    };
  });
  await transport.start();
  await closed;
  expect(seen).toEqual([1, 2, 3]);
});

test.each(['ends', 'is cut off'])(
  'when the stream of a request %s without an answer, and whoever takes the error throws, nothing else happens',
  async (how) => {
    await using peer = await httpPeer({
      answer(_, response) {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
        if (how === 'ends') response.end();
        else setImmediate(() => response.destroy());
      },
    });
    const address = { name: 'peer', url: peer.url, headers: {} };
    const { transport, close } = await httpTransport(address, systemClock(), errorContext(address));
    const seen: unknown[] = [];
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the interface of the library has nothing else
    transport.onmessage = (message) => {
      seen.push(message);
      planted();
    };
    await transport.start();
    for (const id of [1, 2]) await transport.send({ jsonrpc: '2.0', id, method: 'ping' });
    const ended = (id: number) => ({
      jsonrpc: '2.0',
      id,
      error: expect.objectContaining({ code: streamEnded }) as object,
    });
    await expect.poll(() => seen).toHaveLength(2);
    expect(seen).toEqual(expect.arrayContaining([ended(1), ended(2)]));
    await close();
  },
);

test('whoever is told that a connection is lost, or that its tools have changed, may throw', async () => {
  await using peer = await httpPeer({ conduct: 'odd' });
  const told: string[] = [];
  const tell = (what: string) => () => {
    told.push(what);
    planted();
  };
  const address = { name: 'peer', url: peer.url, headers: {} };
  const events = { changed: tell('changed'), lost: tell('lost'), unreadable: tell('unreadable') };
  await using connection = await connector(address, 'auto', systemClock())(testScope().signal, events);
  const tools = await connection.list(testScope().signal);
  const named = (wanted: string) => {
    const found = tools.tools.find(({ name }) => name === wanted);
    if (!found) throw new Error(`The test server has a tool "${wanted}".`);
    return found;
  };
  await connection.call(named('grow'), {}, testScope(), () => {});
  await expect.poll(() => told).toEqual(['changed']);
  const scope = testScope();
  const started = scope.heard();
  const failure = rejectionOf(connection.call(named('wait'), {}, scope, () => {}));
  await started;
  peer.restart();
  // The failure of the call, not what was planted.
  expect(await failure).toMatchObject({ kind: 'environment', retryable: true });
  expect(told).toEqual(['changed', 'lost']);
});
