/** Child processes: with few environment variables, and ended together with this process. */
import { spawn, type ChildProcess } from 'node:child_process';

const inheritedVariables =
  process.platform === 'win32'
    ? 'APPDATA COMSPEC HOMEDRIVE HOMEPATH LOCALAPPDATA PATH PATHEXT PROGRAMDATA PROGRAMFILES SYSTEMDRIVE SYSTEMROOT TEMP USERNAME USERPROFILE WINDIR'.split(
        ' ',
      )
    : ['PATH', 'HOME', 'LANG', 'LC_ALL', 'LOGNAME', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER'];

/** The environment variables that every program needs. */
export function safeEnvironment(): Record<string, string> {
  const found = inheritedVariables.map((name) => [name, process.env[name]] as const);
  // A value that starts with () is an exported shell function.
  return Object.fromEntries(
    found.filter((pair): pair is [string, string] => pair[1] !== undefined && !pair[1].startsWith('()')),
  );
}

/** Kills a child and all processes that it started. The child must lead a process group. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32')
      spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { windowsHide: true }).on('error', () => child.kill());
    else process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
  }
}

const running = new Set<ChildProcess>();

/** Kills the child when this process exits, so that no server outlives it. One listener kills all children. */
export function killOnExit(child: ChildProcess): void {
  if (running.size === 0) process.once('exit', killAll);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  });
}

function killAll(): void {
  for (const child of running) killGroup(child);
}
