/** MCP servers that misbehave: they do not start, do not answer, or send too much. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { open, openPeer } from './open.ts';

const list = (source: ReturnType<typeof open>) => source.list(testScope().signal);

test('a program that does not exist is named', async () => {
  await using source = open({ name: 'files', command: 'no-such-program' });
  expect(await rejectionOf(list(source))).toMatchObject({
    kind: 'environment',
    retryable: false,
    message: expect.stringContaining('"no-such-program": no such program or folder'),
  });
});

test('a folder that does not exist is named', async () => {
  await using source = open({ name: 'files', command: process.execPath, cwd: '/no/such/folder' });
  expect(await rejectionOf(list(source))).toMatchObject({
    kind: 'environment',
    message: expect.stringContaining('in /no/such/folder'),
  });
});

test('a server that exits at once is retried and given up; the error has its last output, without secrets', async () => {
  await using source = openPeer('dead', { tries: 2 }, systemClock(), { PEER_TOKEN: 'very-secret-token' });
  const { kind, message } = await rejectionOf(list(source));
  expect(kind).toBe('environment');
  expect(message).toContain('exit code 3; its last words: cannot read the settings, token [redacted]');
});

test('a server that never answers is given up in the time allowed', async () => {
  const clock = virtualClock();
  await using source = openPeer('silent', { tries: 1, connectTimeout: '30s' }, clock);
  const failure = rejectionOf(list(source));
  await armed(clock);
  clock.advance(30_000);
  expect(await failure).toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('did not answer within 30 s'),
  });
});

test('a server that never lists is given up in the time allowed', async () => {
  const clock = virtualClock();
  await using source = openPeer('mute', { tries: 1 }, clock);
  const failure = rejectionOf(list(source));
  await armed(clock);
  clock.advance(20_000);
  expect(await failure).toMatchObject({ kind: 'timeout' });
});

test('a program that writes something else is not accepted as a server', async () => {
  await using source = openPeer('garbage');
  expect(await rejectionOf(list(source))).toMatchObject({
    kind: 'environment',
    retryable: false,
    message: expect.stringContaining('"listening on port 8080"'),
  });
});

test('a server that prints a greeting on stdout first is accepted', async () => {
  await using source = openPeer('chatty');
  expect(await source.call('add', { a: 1, b: 2 }, testScope())).toEqual({ sum: 3 });
});

test('endless output is cut off before it fills the memory', async () => {
  const before = process.memoryUsage().rss;
  await using source = openPeer('flood');
  expect(await rejectionOf(list(source))).toMatchObject({
    kind: 'environment',
    retryable: false,
    message: expect.stringContaining('larger than 8 MB'),
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

test.each([
  ['10,000 tools', 'many', 'at most 256'],
  ['an endless list', 'endless', 'more than 100 pages'],
  ['an invalid list', 'nonsense', 'failed while listing'],
])('%s: refused', async (_, conduct, words) => {
  await using source = openPeer(conduct);
  expect(await rejectionOf(list(source))).toMatchObject({
    kind: 'environment',
    retryable: false,
    message: expect.stringContaining(words),
  });
});

test('a tool whose name is a property of every object is offered like any other, and hidden characters in descriptions are left out', async () => {
  await using source = openPeer('hostile');
  const tools = await list(source);
  expect(tools.map((tool) => tool.name)).toEqual(['__proto__', 'fine']);
  expect(tools[1]!.description).toMatch(/^Ignore all rules\. x+…$/);
  expect(source.problems!()).toEqual([]);
});

test("an answer that breaks the tool's own schema is a failure of the tool", async () => {
  await using source = openPeer('odd');
  expect(await rejectionOf(source.call('breakPromise', {}, testScope()))).toMatchObject({
    kind: 'tool',
    message: expect.stringContaining('at "sum": must be number'),
  });
});

test('a tool named like a property of every object works like any other', async () => {
  await using source = openPeer('odd', { effects: {}, capabilities: {} });
  expect(await source.call('toString', {}, testScope())).toBe('a name like any other');
});

test('a slow regular expression in a schema does not block the process', async () => {
  await using source = openPeer('odd');
  expect(await source.call('slowPattern', { text: `${'a'.repeat(60)}!` }, testScope())).toBe('checked');
});

/** Resolves when the clock has a timer: the client is waiting for the server. */
async function armed(clock: ReturnType<typeof virtualClock>): Promise<void> {
  while (clock.next === undefined) await new Promise(setImmediate);
}
