/** How long a node with an empty folder takes to join, and to do its first run, beside a history that it does not need: finished runs, and runs that wait at another node. */
import { rigOf } from '../../cluster/rig.ts';
import { loggedBy } from '../../cluster/usage.ts';
import type { Contestant, Row, Run, Scope } from '../../row.ts';

export interface History {
  readonly finished: number;
  readonly waiting: number;
}

/** The smallest history first. `atMost`: milliseconds beside the largest one. */
export function coldStart(histories: readonly History[], atMost: number): Row {
  const contestants = histories.map((history): Contestant => ({
    name: nameOf(history),
    ours: true,
    open: (scope) => measuring(scope, history),
  }));
  const [smallest, largest] = [contestants[0], contestants.at(-1)].map((each) => each?.name ?? '');
  return {
    name: 'nats-start',
    title: 'a new node joins, with an empty folder, and does its first run',
    unit: 'node',
    units: 1,
    server: 'jetstream {}',
    withoutFloor: true,
    rounds: 3,
    columns: [
      {
        figure: 'start',
        goals: [
          { of: largest ?? '', atMost },
          { of: largest ?? '', against: smallest ?? '', atMost: 1.3 },
        ],
      },
      { figure: 'startBusy' },
      { figure: 'answered' },
      { figure: 'log' },
    ],
    contestants,
  };
}

const nameOf = ({ finished, waiting }: History) => `troupe, ${finished} finished, ${waiting} waiting`;

async function measuring(scope: Scope, { finished, waiting }: History): Promise<Run> {
  const rig = await rigOf(scope);
  const logged = async () => (await loggedBy(scope.monitor)).bytes;
  const before = await logged();
  await rig.node('holder', ['short', 'waiting']);
  await rig.runs('short', finished);
  await rig.begin(
    'waiting',
    Array.from({ length: waiting }, (_, n) => `w${n}`),
  );
  // Only the new node offers what is asked for later.
  const log = ((await logged()) - before) / 1e6;
  return async () => {
    const begin = performance.now();
    const node = await rig.node('new', ['bulky']);
    const start = performance.now() - begin;
    const startBusy = node.busy() / 1e3;
    await rig.runs('bulky', 1);
    const answered = performance.now() - begin;
    await node.close();
    return { cluster: { start, startBusy, answered, log } };
  };
}
