/**
 * A process that runs the agent through the public API, on a real file, and can kill itself at a point:
 * `CHAOS_POINT="commit 7 after"` is the moment after the seventh commit. Only this file reads that variable; the product knows nothing of it.
 */
import { openRuntime } from 'troupe';
import { sleep } from '../../src/values/clock.ts';
import { toFailure } from '../../src/values/failure.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import { attach } from '../../src/runtime/attach.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { atCrashPoints, type Around } from '../../src/testing/world/crashPoints.ts';
import { fastClock } from './fastClock.ts';
import clerk from './clerk.ts';

const [db = '', ...rooms] = process.argv.slice(2);
const [kind, number, when] = (process.env.CHAOS_POINT ?? '').split(' ');

let count = 0;
const killAtPoint: Around = async (point, work) => {
  const isPoint = point.kind === kind && ++count === Number(number);
  if (isPoint && when === 'before') return die();
  const answer = await work();
  return isPoint ? die() : answer;
};
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

const clock = fastClock();
const backends = atCrashPoints(
  { journal: await retryWhileLocked(() => sqlite(db)), transport: inProcess() },
  killAtPoint,
);
const runtime = await openRuntime({ ...backends, clock, env: {} });
process.on('SIGTERM', () => void runtime.close().then(() => backends.journal[Symbol.asyncDispose]()));

await Promise.all(
  rooms.map(async (room) => {
    const run = await retryWhileLocked(() => attach(() => runtime.start(clerk, room, { key: room }), clock));
    process.stderr.write(`working ${room}\n`);
    const outcome = await run.outcome();
    process.stdout.write(`${JSON.stringify({ room, outcome })}\n`);
  }),
);
await runtime.close();
await backends.journal[Symbol.asyncDispose]();

/** Waits while a frozen process holds the lock of the file, as an operator would. */
async function retryWhileLocked<T>(begin: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await begin();
    } catch (thrown) {
      const { kind, retryable } = toFailure(thrown);
      if (kind !== 'storage' || !retryable) throw thrown;
      process.stderr.write('locked\n');
      await sleep(clock, 1_000);
    }
  }
}
