/** Ctrl-C and the end of the process: what is called there may throw, and the process does as it would have done. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../built.ts';

const program = built(join(import.meta.dirname, 'fixtures/throwingHandlers.ts'));

test.concurrent.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])(
  'a handler of %s that throws leaves the process alive, and the next signal is handled',
  async (signal) => {
    const child = spawn(process.execPath, [program, 'interrupt'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      child.kill(signal);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, out }).toEqual({ code: 130, out: 'ready\nfirst\nsecond\n' });
    expect(err).toMatch(/^\(node:\d+\) TroupeWarning: An interrupt could not be handled: planted\./);
  },
);

test.concurrent(
  'a process that ends too early is no success, although the sentence for it cannot be made',
  async () => {
    const { code, out, err } = await new Promise<{ code: unknown; out: string; err: string }>((resolve) =>
      execFile(process.execPath, [program, 'exit'], (error, out, err) => resolve({ code: error?.code ?? 0, out, err })),
    );
    expect({ code, out, err }).toEqual({ code: 5, out: 'ready\n', err: '' });
  },
);
