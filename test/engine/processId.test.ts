import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { isProcessAlive, thisProcessId } from '../../src/engine/processId.ts';

test('this process lives, and another one of its pid from another time does not', () => {
  expect(isProcessAlive(thisProcessId())).toBe(true);
  const [host, pid, start] = thisProcessId().split(' ');
  if (start !== '-') expect(isProcessAlive(`${host} ${pid} ${Number(start) + 1}`)).toBe(false);
});

test('a process that is gone is not alive; of one on another machine nobody can tell', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(isProcessAlive(`${hostname()} ${child.pid} 1`)).toBe(false);
  expect(isProcessAlive(`another-${hostname()} ${child.pid} 1`)).toBe(true);
});

test('a process that was killed is not alive although nobody has looked after it yet', async () => {
  // The shell becomes a sleeper that never asks after its child.
  const child = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isProcessAlive(`${hostname()} ${pid} -`)).toBe(false);
  child.kill('SIGKILL');
});
