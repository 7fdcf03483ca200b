/** Requests to models and tool servers last as long as their own limits say: the platform by itself ends each after five minutes without a byte. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { open } from '../mcp/open.ts';
import { doubleServer } from '../mcp/doubleServer.ts';
import { runAgainst } from '../gateway/wireAgent.ts';
import { turn, wires } from '../gateway/wireServer.ts';
import { patientFetch } from '../../src/security/patientFetch.ts';
import { testScope } from '../../src/testing/suites/scope.ts';

interface Dispatcher {
  dispatch(options: { headersTimeout?: number; bodyTimeout?: number }, handler: unknown): boolean;
}
const place = Symbol.for('undici.globalDispatcher.1');
const platform = globalThis as unknown as Record<symbol, Dispatcher>;

/** The limits of each request, as the platform's own dispatcher, or one that the user has put in its place, is told them. */
const told: unknown[] = [];
const { Headers: _ } = globalThis;
const own = platform[place];
beforeEach(() => {
  platform[place] = {
    dispatch(options, handler) {
      told.push([options.headersTimeout, options.bodyTimeout]);
      return own?.dispatch(options, handler) ?? false;
    },
  };
});
afterEach(() => {
  if (own) platform[place] = own;
  told.length = 0;
});

test('a model has no limits but those of the gateway', async () => {
  const { outcome } = await runAgainst('anthropic', [turn.whole(wires.anthropic.frames({ text: 'Done.' }))]);
  expect(outcome).toMatchObject({ output: 'Done.' });
  expect(told).toEqual([[0, 0]]);
});

test('a tool server has no limits but those of its tools', async () => {
  await using server = await doubleServer({ list: { tools: [{ name: 'pay', inputSchema: { type: 'object' } }] } });
  await using source = open({ name: 'bank', url: server.url });
  await source.list(testScope().signal);
  await source.call('pay', {}, testScope());
  expect(told.length).toBeGreaterThan(2);
  expect(new Set(told.map((limits) => JSON.stringify(limits)))).toEqual(new Set(['[0,0]']));
});

test('a request that the signal stops is stopped', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const stop = new AbortController();
  const asked = patientFetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
  server.closeAllConnections();
  server.close();
});

test('a double that a user has put in the place of the network is given whole bodies', async () => {
  const sent: unknown[] = [];
  platform[place] = {
    isMockActive: true,
    dispatch(options: { body?: unknown }) {
      sent.push(options.body);
      throw new Error('seen');
    },
  } as Dispatcher;
  await expect(patientFetch('http://bank.test', { method: 'POST', body: 'pay' })).rejects.toThrow();
  expect(Buffer.from(sent[0] as string).toString()).toBe('pay');
});
