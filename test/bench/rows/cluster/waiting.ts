/** What runs cost that wait for a message: entries, and processor time of the node that has them, of another one, and of the server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rigOf } from '../../cluster/rig.ts';
import { busyOf, loggedBy } from '../../cluster/usage.ts';
import type { Row, Run, Scope } from '../../row.ts';

/** Milliseconds of a day. */
const day = 86_400_000;

export interface WaitingSizes {
  /** How many runs wait. */
  readonly count: number;
  /** Milliseconds that the processes are watched: before there are runs, and again when all of them wait. */
  readonly window: number;
  /** Milliseconds after the last one was begun, in which what follows from that ends. */
  readonly settling: number;
}

/** Processor time is what the runs add to that of the same processes without them. */
export const waitingRuns = (sizes: WaitingSizes): Row => ({
  name: `nats-waiting-${sizes.count}`,
  title: `what ${sizes.count} runs add that wait for a message at one node, while another node has none`,
  unit: 'run',
  units: sizes.count,
  server: 'jetstream {}',
  withoutFloor: true,
  fresh: true,
  rounds: 1,
  columns: [
    { figure: 'logged', goals: [{ of: 'troupe', atMost: 1 }] },
    { figure: 'messages' },
    { figure: 'core', goals: [{ of: 'troupe', atMost: 0.1 }] },
    { figure: 'otherCore', goals: [{ of: 'troupe', atMost: 0.1 }] },
    { figure: 'serverCore' },
    { figure: 'withoutRuns' },
    { figure: 'memory' },
  ],
  contestants: [{ name: 'troupe', ours: true, open: (scope) => measuring(scope, sizes) }],
});

async function measuring(scope: Scope, { count, window, settling }: WaitingSizes): Promise<Run> {
  const rig = await rigOf(scope);
  const holder = await rig.node('holder', ['waiting']);
  const other = await rig.node('other', ['short']);
  const watched = async () => ({
    holder: holder.busy(),
    other: other.busy(),
    server: busyOf(scope.serverPid),
    log: await loggedBy(scope.monitor),
    at: performance.now(),
  });
  /** What a window has: percent of a core of each process, and what is added to the streams in a day. */
  const used = async () => {
    await sleep(settling);
    const before = await watched();
    await sleep(window);
    const after = await watched();
    const took = after.at - before.at;
    const share = (who: 'holder' | 'other' | 'server') => (after[who] - before[who]) / took / 10;
    const inADay = (what: 'bytes' | 'messages') => ((after.log[what] - before.log[what]) * day) / took;
    return {
      holder: share('holder'),
      other: share('other'),
      server: share('server'),
      bytes: inADay('bytes'),
      messages: inADay('messages'),
    };
  };
  return async () => {
    const without = await used();
    const memory = holder.memory();
    await rig.begin(
      'waiting',
      Array.from({ length: count }, (_, n) => `w${n}`),
    );
    const waiting = await used();
    return {
      cluster: {
        logged: (waiting.bytes - without.bytes) / 1e6,
        messages: waiting.messages - without.messages,
        core: waiting.holder - without.holder,
        otherCore: waiting.other - without.other,
        serverCore: waiting.server - without.server,
        withoutRuns: without.holder,
        memory: holder.memory() - memory,
      },
    };
  };
}
