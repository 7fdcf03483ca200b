/** Measures a piece of work in this process: processor time, time, pauses of the event loop, bytes written, peak memory. */
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { Sample } from './row.ts';

/** The number after a name in a file of /proc, in bytes; `undefined` where the system has none. */
function fromProc(file: string, name: string): number | undefined {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+)( kB)?`, 'm').exec(readFileSync(`/proc/self/${file}`, 'utf8'));
    return found ? Number(found[1]) * (found[2] ? 1024 : 1) : undefined;
  } catch {
    return undefined;
  }
}

/** The longest gap between two turns of a loop of timers that fire as soon as they can. */
export function watchPauses() {
  let [last, longest] = [performance.now(), 0];
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  return () => {
    look();
    clearInterval(timer);
    return longest;
  };
}

/** A timer of ten milliseconds: how many percent of its ticks came. */
function watchTicks() {
  const begin = performance.now();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  return () => {
    clearInterval(timer);
    return (100 * ticks) / Math.max(1, Math.floor((performance.now() - begin) / 10));
  };
}

/** `pauses`: watches the event loop as well, which costs a thousand ticks a second. */
export async function timed(work: () => Promise<unknown>, pauses: boolean): Promise<Sample> {
  await turn(); // What was begun before does not count.
  const watching = pauses ? { pause: watchPauses(), ticks: watchTicks() } : undefined;
  const written = fromProc('io', 'write_bytes');
  const before = process.cpuUsage();
  const begin = performance.now();
  await work();
  const wall = (performance.now() - begin) * 1e3;
  const { user, system } = process.cpuUsage(before);
  const after = fromProc('io', 'write_bytes');
  const peak = fromProc('status', 'VmHWM');
  return {
    busy: user + system,
    wall,
    pause: watching?.pause() ?? 0,
    ...(watching ? { ticks: watching.ticks() } : {}),
    ...(written === undefined || after === undefined ? {} : { written: after - written }),
    ...(peak === undefined ? {} : { peak }),
  };
}
