/** What throws behind a connection to a tool server ends nothing: not the process, not the connection, not the next message. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { parseAddress } from '../../src/mcp/address.ts';
import { errorContext } from '../../src/mcp/errors.ts';
import { stdioTransport } from '../../src/mcp/stdio.ts';
import { testScope } from '../../src/testing/suites/scope.ts';
import { listChanged, open, openPeer } from './open.ts';

const fatal: unknown[] = [];
const remember = (thrown: unknown) => void fatal.push(thrown);
let others: NodeJS.UncaughtExceptionListener[] = [];
beforeEach(() => {
  others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', remember);
});
afterEach(() => {
  process.off('uncaughtException', remember);
  for (const listener of others) process.on('uncaughtException', listener);
  expect(fatal.splice(0)).toEqual([]);
});

test('a listener that throws when the tools change does not keep the others from being told', async () => {
  await using source = openPeer('odd');
  await source.list(testScope().signal);
  source.onChange(() => {
    throw new Error('planted');
  });
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
