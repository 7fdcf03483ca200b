/** `troupe mcp` as an assistant starts it: a process that speaks nothing but the protocol, and that may be killed at any time. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OlderStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { built } from '../../built.ts';
import { limits } from '../../limits.ts';
import { rpcOver } from './openMcp.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'troupe-mcp-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const command = {
  command: process.execPath,
  args: [built('src/cli/main.ts'), 'mcp', built('test/doors/mcp/fixtures/publish.ts')],
};
const environment = () => ({ PATH: process.env['PATH'] ?? '', HOME: folder, TROUPE_DB: join(folder, 'troupe.db') });

function start() {
  const child = spawn(command.command, command.args, { cwd: folder, env: environment(), stdio: 'pipe' });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended, told: () => told, ...rpcOver(child.stdin, child.stdout) };
}

const statusOf = async ({ call }: Pick<ReturnType<typeof rpcOver>, 'call'>) =>
  (await call('troupe_executions_get', { exec_id: 'r' })).result?.structuredContent?.['status'];

test(
  'a server that was killed in the middle of its work goes on when it is started again, and does nothing twice',
  async () => {
    const marks = join(folder, 'marks');
    const input = { flow: 'publish', input: { topic: 'actors', marks }, key: 'r' };
    const first = start();
    await first.begin();
    expect((await first.call('troupe_executions_run', input)).result?.structuredContent).toMatchObject({
      exec_id: 'r',
    });
    // The first call is recorded, and the second one is under way.
    await expect
      .poll(
        async () =>
          (await first.call('troupe_executions_get', { exec_id: 'r' })).result?.structuredContent?.['checkpoints'],
        { timeout: limits.step },
      )
      .toContainEqual(expect.objectContaining({ name: 'draft', status: 'completed' }));
    // The answer to this one never comes.
    void first.call('troupe_executions_list');
    first.child.kill('SIGKILL');
    await first.ended;

    writeFileSync(`${marks}.go`, '');
    const second = start();
    await second.begin();
    // An assistant that got no answer asks again: the same key is the same run.
    expect((await second.call('troupe_executions_run', input)).result?.structuredContent).toMatchObject({
      exec_id: 'r',
    });
    await expect.poll(() => statusOf(second), { timeout: limits.step }).toBe('waiting');
    const refused = await second.call('troupe_executions_input', { exec_id: 'r', value: 'yes' });
    expect(refused.result).toMatchObject({ isError: true });
    expect(
      (await second.call('troupe_executions_input', { exec_id: 'r', value: true })).result?.isError,
    ).toBeUndefined();
    await expect.poll(() => statusOf(second), { timeout: limits.step }).toBe('completed');
    expect(readFileSync(marks, 'utf8')).toBe('draft\nslow\n');

    // Everything that came was an answer; what the file printed went to stderr.
    expect([first.other, second.other]).toEqual([[], []]);
    expect(second.told()).toContain('this file is loaded');
    second.child.stdin.end();
    expect(await second.ended).toBe(0);
  },
  limits.test,
);

test(
  'the current client and the one before start it and use its tools',
  async () => {
    const current = new Client({ name: 'assistant', version: '1' });
    await current.connect(new StdioClientTransport({ ...command, cwd: folder, env: environment(), stderr: 'ignore' }));
    expect((await current.listTools()).tools.map(({ name }) => name)).toContain('troupe_executions_run');
    const status = await current.callTool({ name: 'troupe_status', arguments: {} });
    expect(status.structuredContent).toMatchObject({ definitions: ['publish'] });
    await current.close();

    const older = new OlderClient({ name: 'assistant', version: '1' });
    await older.connect(new OlderStdio({ ...command, cwd: folder, env: environment(), stderr: 'ignore' }));
    const missing = await older.callTool({ name: 'troupe_executions_get', arguments: { exec_id: 'none' } });
    expect(missing).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('unknown_recipient') as string }],
    });
    await older.close();
  },
  limits.test,
);
