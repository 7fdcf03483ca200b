import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { isProcessAlive, thisProcessId } from '../../src/engine/processId.ts';

test('this process is alive, and a process with the same pid and another start time is not', () => {
  expect(isProcessAlive(thisProcessId())).toBe(true);
  const [host, pid, start] = thisProcessId().split(' ');
  if (start !== '-') expect(isProcessAlive(`${host} ${pid} ${Number(start) + 1}`)).toBe(false);
});

test('a process that has ended is not alive; for a process on another machine it is unknown', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(isProcessAlive(`${hostname()} ${child.pid} 1`)).toBe(false);
  expect(isProcessAlive(`another-${hostname()} ${child.pid} 1`)).toBe(true);
});

test('a killed process is not alive, also when its parent has not collected it', async () => {
  // The shell becomes a `sleep` that never waits for its child.
  const child = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isProcessAlive(`${hostname()} ${pid} -`)).toBe(false);
  child.kill('SIGKILL');
});
