/** Published MCP servers. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalog } from '../../src/tools/catalog.ts';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { open } from './open.ts';

const { resolve } = createRequire(import.meta.url);
const filesystem = resolve('@modelcontextprotocol/server-filesystem/dist/index.js');
const everything = resolve('@modelcontextprotocol/server-everything/dist/index.js');
const { signal } = testScope();

test('files are read and written through the filesystem server, and only in its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-files-'));
  try {
    await writeFile(join(folder, 'a.md'), 'one\ntwo\n');
    await using files = open(
      { name: 'files', command: process.execPath, args: [filesystem, folder] },
      { trust: 'hints' },
    );
    await using all = catalog([files]);
    const tools = await all.list(signal);
    expect(tools.find((tool) => tool.name === 'files__read_text_file')).toMatchObject({
      effect: 'read',
      source: 'files',
    });
    expect(tools.find((tool) => tool.name === 'files__write_file')).toMatchObject({ effect: 'write' });

    expect(await all.call('files__read_text_file', { path: join(folder, 'a.md') }, testScope())).toEqual({
      content: 'one\ntwo\n',
    });
    await all.call('files__write_file', { path: join(folder, 'b.md'), content: 'three' }, testScope());
    expect(await readFile(join(folder, 'b.md'), 'utf8')).toBe('three');
    const outside = await rejectionOf(all.call('files__read_text_file', { path: '/etc/hostname' }, testScope()));
    expect(outside).toMatchObject({ kind: 'tool', message: expect.stringContaining('outside allowed directories') });
    const wrong = await rejectionOf(all.call('files__read_text_file', { file: 'a.md' }, testScope()));
    expect(wrong).toMatchObject({ kind: 'invalid', message: expect.stringContaining("required property 'path'") });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** What the everything server does over every transport. */
async function tryEverything(source: ReturnType<typeof open>) {
  const tools = await source.list(signal);
  expect(tools.length).toBeGreaterThan(8);
  expect(await source.call('echo', { message: 'hello' }, testScope())).toBe('Echo: hello');
  expect(await source.call('get-structured-content', { location: 'Chicago' }, testScope())).toMatchObject({
    conditions: expect.any(String),
  });
  expect(await source.call('get-tiny-image', {}, testScope())).toMatchObject({
    content: expect.arrayContaining([expect.objectContaining({ type: 'image' })]),
  });
  const scope = testScope();
  const sums = [1, 2, 3].map((a) => source.call('get-sum', { a, b: 1 }, scope));
  expect(await Promise.all(sums)).toEqual([2, 3, 4].map((sum) => expect.stringContaining(`${sum}.`)));

  const long = testScope();
  const progress = long.heard();
  const failure = rejectionOf(source.call('trigger-long-running-operation', { duration: 60, steps: 600 }, long));
  expect(await progress).toMatchObject({ progress: 1, total: 600 });
  long.abort();
  expect(await failure).toMatchObject({ kind: 'cancelled' });
}

test('the everything server works over stdio', async () => {
  await using source = open({ name: 'everything', command: process.execPath, args: [everything, 'stdio'] });
  await tryEverything(source);
});

test('the everything server works over Streamable HTTP', async () => {
  const port = await freePort();
  const server = spawn(process.execPath, [everything, 'streamableHttp'], {
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await new Promise<void>((ready) =>
      server.stderr.on('data', (chunk: Buffer) => chunk.includes('listening') && ready()),
    );
    await using source = open({ name: 'everything', url: `http://127.0.0.1:${port}/mcp` });
    await tryEverything(source);
  } finally {
    server.kill('SIGKILL');
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
