/** The id of this process, and whether another process of this machine is alive: the run of a dead process can be taken over at once. */
import { hostname } from 'node:os';

const { readFileSync } = process.getBuiltinModule('node:fs');

/** `host pid start`: a pid alone may be given to another process later. More words may follow, to tell lease holders of one process apart. */
export const thisProcessId = (): string =>
  (known ??= `${hostname()} ${process.pid} ${statusOf(process.pid)?.start ?? '-'}`);
let known: string | undefined;

/** False only when it is certain that the process is gone; of another machine's process only the lease's time tells. */
export const isProcessAlive = (owner: string): boolean => !isOfThisMachine(owner) || livesHere(owner);

/** Is it the id of a process of this machine, so that it can be seen whether it is alive? */
export const isOfThisMachine = (owner: string): boolean => owner.split(' ')[0] === hostname();

function livesHere(owner: string): boolean {
  const [, pid, start] = owner.split(' ');
  try {
    process.kill(Number(pid), 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const now = statusOf(Number(pid));
  // A killed process stays in the table until its parent has collected it; it will not write again.
  if (now?.state === 'Z' || now?.state === 'X') return false;
  return start === '-' || now === undefined || now.start === start;
}

/** The state of a process, and when it began, in ticks since boot; undefined where there is no /proc. */
function statusOf(pid: number): { state: string; start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold spaces and parentheses; after it come the state and, 19 fields on, the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], fields[19]];
    return state === undefined || start === undefined ? undefined : { state, start };
  } catch {
    return undefined;
  }
}
