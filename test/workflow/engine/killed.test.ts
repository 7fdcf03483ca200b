/** A real process that runs a workflow is killed with SIGKILL, and another one goes on from the same file. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { built, root } from '../../built.ts';
import { limits } from '../../limits.ts';

test(
  'a workflow whose process was killed goes on in another process, and a receiver of webhooks sees no new request twice',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'troupe-killed-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const received: [path: string, key: string][] = [];
    let atSecond: (() => void) | undefined;
    const server = createServer((request, response) => {
      received.push([String(request.url), String(request.headers['idempotency-key'])]);
      if (request.url === '/b' && atSecond) {
        // It has arrived, and its sender never learns so.
        atSecond();
        atSecond = undefined;
        return;
      }
      request.resume().on('end', () => response.end('{}'));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    // A server that listens on TCP has an address of this form.
    const { port } = server.address() as AddressInfo;
    const file = join(dir, 'w.workflow.yaml');
    const step = (id: string, before = '') =>
      `  - {id: ${id}, ${before}webhook: {url: "http://127.0.0.1:${port}/${id}"}}\n`;
    writeFileSync(
      file,
      `kind: workflow\npipeline:\n${step('a')}${step('b', 'depends_on: [a], ')}${step('c', 'depends_on: [b], ')}`,
    );
    const start = () => {
      const args = [built('src/cli/main.ts'), 'run', file, '--key', 'k', '--db', join(dir, 'w.db')];
      const child = spawn(process.execPath, args, {
        cwd: root,
        env: { ...process.env, TROUPE_EGRESS_ALLOW: '127.0.0.1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const ended = new Promise<{ code: number | null; signal: string | null; said: string }>((done) =>
        child.on('close', (code, signal) => done({ code, signal, said })),
      );
      return { child, ended };
    };
    const first = start();
    atSecond = () => first.child.kill('SIGKILL');
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
    const second = await start().ended;
    expect(second, second.said).toMatchObject({ code: 0 });
    expect(received.map(([path]) => path)).toEqual(['/a', '/b', '/b', '/c']);
    expect(new Set(received.map(([, key]) => key)).size).toBe(3);
    expect(received[1]).toEqual(received[2]);
  },
  limits.long,
);
