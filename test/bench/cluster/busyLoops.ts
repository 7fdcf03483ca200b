/** Processes that never wait: they take all the processor time that they get, until they are disposed. */
import { spawn } from 'node:child_process';

export function busyLoops(count: number): Disposable {
  // It ends by itself when the process that measures has ended.
  const text = `const parent = process.ppid; while (process.ppid === parent) for (let n = 0; n < 1e8; n++);`;
  const loops = Array.from({ length: count }, () => spawn(process.execPath, ['-e', text], { stdio: 'ignore' }));
  return {
    [Symbol.dispose]() {
      for (const loop of loops) loop.kill('SIGKILL');
    },
  };
}
