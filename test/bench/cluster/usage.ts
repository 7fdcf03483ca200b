/** What a process and a nats-server have used: processor time from /proc, bytes on a disk, and what was added to the streams. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

let ticks = 0;
/** Ticks of the processor clock in a second. */
const ticksPerSecond = () => (ticks ||= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })));

/** Microseconds of processor time that a process has used, in steps of 10 ms; NaN where the system has no /proc. */
export function busyOf(pid: number): number {
  try {
    // The name of the program stands in parentheses and may have any character.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond()) * 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Bytes of memory that a process has now; NaN where the system has no /proc. */
export function memoryOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** Bytes in the files of a folder. */
export function bytesIn(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + sizeOf(join(parentPath, name)), 0);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

const Streams = z.object({
  account_details: z
    .array(
      z.object({
        stream_detail: z
          .array(
            z.object({
              name: z.string(),
              config: z.object({ storage: z.string() }),
              state: z.object({ messages: z.number(), bytes: z.number(), last_seq: z.number() }),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

/** What has been added to the streams on disk of a server since it began: messages. */
export interface Logged {
  readonly messages: number;
  /** Messages of all streams with the mean size of those that are there now. */
  readonly bytes: number;
}

/** Asks the monitor of a server what its streams have been given, also what was deleted since. */
export async function loggedBy(monitor: string): Promise<Logged> {
  const answer = await fetch(`${monitor}/jsz?streams=true&config=true&accounts=true`);
  const { account_details = [] } = Streams.parse(await answer.json());
  const streams = account_details.flatMap(({ stream_detail = [] }) => stream_detail);
  const kept = streams.filter(({ config }) => config.storage === 'file');
  return {
    messages: kept.reduce((sum, { state }) => sum + state.last_seq, 0),
    bytes: kept.reduce((sum, { state }) => sum + (state.last_seq * state.bytes) / Math.max(1, state.messages), 0),
  };
}
