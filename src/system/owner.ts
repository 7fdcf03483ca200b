/** Who this process is, and whether another one on this machine still lives: a run of a dead process can be taken over at once. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** `host pid start`: a pid alone may be given to another process later. */
export const thisProcess = (): string => `${hostname()} ${process.pid} ${startOf(process.pid) ?? '-'}`;

/** False only when it is certain that the owner is gone; of another machine's owner only time can tell. */
export function isAlive(owner: string): boolean {
  const [host, pid, start] = owner.split(' ');
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const now = startOf(Number(pid));
  return start === '-' || now === undefined || now === start;
}

/** When a process began, in ticks since boot; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold spaces and parentheses; the start is the 20th field after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
