/** The life of an MCP server over stdio: start, changes, exits, restarts and its end. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { catalog } from '../../src/tools/catalog.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { listChanged, open, openPeer } from './open.ts';

const run = promisify(execFile);
const names = async (source: ReturnType<typeof openPeer>) =>
  (await source.list(testScope().signal)).map((tool) => tool.name);

test('a server is not started before it is needed', async () => {
  await using source = openPeer('dead');
  expect(source.name).toBe('peer');
});

test('a server that gets a new tool is listed again, and the epoch of the catalog rises', async () => {
  await using source = openPeer('odd');
  await using all = catalog([source]);
  expect(await names(source)).not.toContain('extra');
  const before = all.epoch;
  await all.list(testScope().signal);
  const changed = listChanged(source);
  await source.call('grow', {}, testScope());
  await changed;
  expect(all.epoch).toBe(before + 1);
  expect(await all.call('peer__extra', {}, testScope())).toBe('extra');
});

test('a call during which the server exits fails, can be retried, and says that it had started', async () => {
  const clock = virtualClock();
  await using source = openPeer('odd', {}, clock);
  const failure = await rejectionOf(source.call('die', {}, testScope()));
  expect(failure).toMatchObject({
    kind: 'environment',
    retryable: true,
    data: { server: 'peer', tool: 'die', sent: true },
  });
  expect(failure.message).toContain('ended with exit code 7');
});

test('a server that exited is started again after the backoff, for the calls that wait for it', async () => {
  const clock = virtualClock();
  await using source = openPeer('odd', {}, clock);
  await rejectionOf(source.call('die', {}, testScope()));
  const waiting = source.call('add', { a: 1, b: 2 }, testScope());
  clock.advance(250);
  expect(await waiting).toEqual({ sum: 3 });
});

test('a call that waits for a server ends at its time limit, and says that nothing was sent', async () => {
  const clock = virtualClock();
  await using source = openPeer('odd', { timeout: '5s' }, clock);
  await rejectionOf(source.call('die', {}, testScope()));
  const scope = testScope();
  const failure = rejectionOf(source.call('add', { a: 1, b: 2 }, scope));
  scope.clock.advance(5_000);
  expect(await failure).toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('backingOff'),
    data: { sent: false },
  });
});

test('a server that exits repeatedly is given up, and started once more when it is called', async () => {
  const clock = virtualClock();
  await using source = openPeer('odd', { tries: 2 }, clock);
  await source.list(testScope().signal);
  const gone = listChanged(source);
  await rejectionOf(source.call('die', {}, testScope()));
  const again = rejectionOf(source.call('die', {}, testScope()));
  clock.advance(250);
  expect(await again).toMatchObject({ kind: 'environment', retryable: true });
  await gone;
  expect(await source.call('add', { a: 1, b: 2 }, testScope())).toEqual({ sum: 3 });
});

test("a server's environment has a few variables and those in its options, and no others", async () => {
  process.env['CANARY_SECRET'] = 'x';
  await using source = openPeer('odd', {}, systemClock(), { GIVEN: '1' });
  const { names } = (await source.call('environment', {}, testScope())) as { names: string[] };
  expect(names).toContain('GIVEN');
  expect(names).toContain('PATH');
  const known = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'LOGNAME', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER', 'GIVEN'];
  expect(names.filter((name) => !known.includes(name) && !name.startsWith('__CF'))).toEqual([]);
});

test('closing ends the server and its child processes, even when they ignore signals', async () => {
  const source = openPeer('stubborn');
  const { pids } = (await source.call('pids', {}, testScope())) as { pids: number[] };
  expect(pids.map(isAlive)).toEqual([true, true]);
  await source[Symbol.asyncDispose]();
  // Killed; the system may take a moment to remove the grandchild process.
  while (pids.some(isAlive)) await new Promise(setImmediate);
});

test('a process that ends without closing its servers takes them with it', async () => {
  const leaver = new URL('leaver.ts', import.meta.url).pathname;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', leaver]);
  const { pids } = JSON.parse(stdout) as { pids: number[] };
  expect(pids).toHaveLength(2);
  while (pids.some(isAlive)) await new Promise(setImmediate);
});

test('a closed server answers calls with a failure, and may be closed again', async () => {
  const source = openPeer();
  await source.call('add', { a: 1, b: 2 }, testScope());
  await source[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
  expect(await rejectionOf(source.call('add', { a: 1, b: 2 }, testScope()))).toMatchObject({
    kind: 'environment',
    retryable: false,
    message: expect.stringContaining('was closed'),
  });
});

test('closing during the connection rejects the waiting calls', async () => {
  const source = openPeer('silent');
  const failure = rejectionOf(source.list(testScope().signal));
  await source[Symbol.asyncDispose]();
  expect(await failure).toMatchObject({ kind: 'environment' });
});

test('what a server says of its tools counts only when the user trusts it', async () => {
  const effects = async (options: Parameters<typeof openPeer>[1]) => {
    await using source = openPeer('contract', options);
    const tools = await source.list(testScope().signal);
    return Object.fromEntries(
      ['add', 'key', 'fire'].map((name) => [name, tools.find((tool) => tool.name === name)!.effect]),
    );
  };
  expect(await effects({})).toEqual({ add: 'write', key: 'write', fire: 'write' });
  expect(await effects({ trust: 'hints' })).toEqual({ add: 'read', key: 'write', fire: 'write' });
  expect(await effects({ trust: 'read' })).toEqual({ add: 'read', key: 'read', fire: 'read' });
  expect(await effects({ trust: 'read', effects: { add: 'pure', fire: 'write' } })).toEqual({
    add: 'pure',
    key: 'read',
    fire: 'write',
  });
});

test("approval, tier and capabilities come from the user's options", async () => {
  const options = {
    trust: 'hints',
    approval: 'writes',
    tier: 'toolbelt',
    capabilities: { add: ['arithmetic'] },
  } as const;
  await using source = openPeer('odd', options);
  const tools = await source.list(testScope().signal);
  expect(
    tools
      .filter((tool) => tool.approval)
      .map((tool) => tool.name)
      .toSorted(),
  ).toEqual(['die', 'fire', 'grow', 'key']);
  expect(tools.every((tool) => tool.tier === 'toolbelt')).toBe(true);
  expect(tools.find((tool) => tool.name === 'add')!.capabilities).toEqual(['arithmetic']);
});

test('an answer that is not text is returned unchanged', async () => {
  await using source = openPeer('odd');
  expect(await source.call('picture', {}, testScope())).toEqual({
    content: [{ type: 'image', data: 'aGk=', mimeType: 'image/png' }],
  });
});

test.each([
  [{ name: 'a b', command: 'x' }, 'at "name": expected 1 to 32 of'],
  [{ name: 'local', command: 'x' }, 'not "local"'],
  [{ name: 'a' }, 'at "command": expected string, came nothing'],
  [{ name: 'a', url: 'ftp://x' }, 'expected an http or https address'],
  [{ name: 'a', command: 'x', argv: [] }, 'argv'],
])('the address %j is refused', (place, words) => {
  expect(() => open(place as never)).toThrow(
    expect.objectContaining({ kind: 'definition', message: expect.stringContaining(words) as string }),
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
