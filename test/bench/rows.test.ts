/** The benchmark measures what it says: each row does its work at a small size, and judges its goals against a floor. */
import { expect, test } from 'vitest';
import { built, root } from '../built.ts';
import { natsServer } from '../nats/server.ts';
import { opened, round } from './contestant.ts';
import { figures } from './figures.ts';
import { modulesIn } from './modules.ts';
import { report } from './report.ts';
import type { Row, Sample } from './row.ts';
import { rows } from './rows.ts';
import { ask } from './rows/ask.ts';
import { atRest } from './rows/atRest.ts';
import { coldStart } from './rows/cluster/coldStart.ts';
import { healthyNode, nodeDeath } from './rows/cluster/death.ts';
import { idleNode } from './rows/cluster/idle.ts';
import { nodePause } from './rows/cluster/pause.ts';
import { waitingRuns } from './rows/cluster/waiting.ts';
import { workers } from './rows/cluster/workers.ts';
import { crowd } from './rows/crowd.ts';
import { fanOut } from './rows/fanOut.ts';
import { committedMessage } from './rows/jetstream.ts';
import { natsAsk } from './rows/natsAsk.ts';
import { path } from './rows/path.ts';
import { processStart } from './rows/start.ts';
import { durableSteps } from './rows/steps.ts';
import { guardedStream } from './rows/stream.ts';
import { durableTurn, turn, turnGrowth, turnMemory } from './rows/turn.ts';
import { flowAnswer } from './rows/flow/answer.ts';
import { flowCheckpoints, flowMap } from './rows/flow/checkpoints.ts';
import { flowResume } from './rows/flow/resume.ts';
import { workflowDag } from './rows/workflow/dag.ts';
import { workflowInvoke } from './rows/workflow/invoke.ts';
import { workflowItems, workflowItemsStored } from './rows/workflow/items.ts';
import { workflowValidation } from './rows/workflow/validate.ts';

const rate = [{ figure: 'rate' as const, goals: [{ of: 'troupe', atLeast: 0 }] }];
const small: readonly Row[] = [
  turn(2, 1),
  turnGrowth(5),
  turnMemory(2),
  durableTurn(2, { wall: 2 }, 1),
  durableSteps(1, 3, 1),
  durableSteps(2, 2, 1),
  ...(['memory', 'disk'] as const).flatMap((where) => [
    fanOut({ count: 3, where, worker: 'agent', columns: rate, rounds: 1 }),
    fanOut({ count: 3, where, worker: 'function', columns: rate, rounds: 1 }),
    crowd(3, where),
  ]),
  ask(2),
  natsAsk(2, 1, { handler: 1, actor: 1 }),
  natsAsk(4, 2, { handler: 1, actor: 1 }),
  committedMessage('default', 4, 2, 1),
  committedMessage('always', 4, 2, 1),
  atRest(1),
  processStart(),
  guardedStream(20),
  path({ message: 12, toolCall: 15, resume: 15 }),
  workflowDag({ levels: 2, width: 2, runs: 2 }),
  workflowItems({ count: 3, worker: 'transform', where: 'disk', columns: rate, rounds: 1 }),
  workflowItems({ count: 3, worker: 'agent', where: 'memory', columns: rate, rounds: 1 }),
  workflowItemsStored('agent', [1, 3]),
  workflowValidation(4, 1_000),
  workflowInvoke(2, 2),
  flowCheckpoints(1, 3, 1),
  flowCheckpoints(2, 2, 1),
  flowMap(4, 2, 1),
  flowResume(5, 400),
  flowAnswer(2, 3, 1_000),
  idleNode(2, 0),
  waitingRuns({ count: 2, window: 100, settling: 0 }),
  workers(2, 4, 10),
  nodeDeath('SIGKILL', 1, 1),
  healthyNode(1, 1, 100),
  coldStart([{ finished: 1, waiting: 1 }], 3_000),
  nodePause(2),
];

test.each(small)('each contestant of the row $name does its work and has its figures', async (row) => {
  await using server = row.server === undefined ? undefined : await natsServer(row.server);
  const given = {
    load: modulesIn(root, '.ts'),
    shipped: built('src/index.ts'),
    server: server?.url ?? '',
    monitor: server?.monitor ?? '',
    serverPid: server?.pid ?? 0,
    nodeProcess: built('test/bench/cluster/nodeProcess.ts'),
  };
  for (const contestant of row.contestants) {
    await opened(contestant, given, async (run) => {
      if (!run) return;
      const sample = await round(row, run);
      for (const { figure } of row.columns) {
        const value = figures[figure].value(sample, row.units);
        // Where the system has no /proc, a figure from it is missing.
        if (value !== undefined || process.platform === 'linux')
          expect(value, `${contestant.name}: ${figure}`).toEqual(expect.any(Number));
      }
    });
  }
});

test('each row has a name of its own, a floor where there can be one, and goals for contestants that it has', () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  for (const { name, columns, contestants, withoutFloor } of rows) {
    const names = contestants.map((each) => each.name);
    expect(contestants[0]?.ours, name).toBe(withoutFloor);
    expect(
      contestants.some(({ ours }) => ours),
      name,
    ).toBe(true);
    for (const { of, against = of } of columns.flatMap(({ goals = [] }) => goals))
      expect(names, name).toEqual(expect.arrayContaining([of, against]));
  }
});

const entrants = (row: Row) =>
  row.contestants.map((contestant) => ({ name: contestant.name, contestant, build: { modules: '', shipped: '' } }));
const took = (busy: number): Sample => ({ busy, wall: busy, pause: 0 });

test('a goal is judged by the median of the ratios of the rounds, and says what was missed', () => {
  const row = durableTurn(1, { busy: 4 }, 1);
  const [floor, ours] = entrants(row);
  if (!floor || !ours) throw new Error('The row has a floor and ours.');
  const goalsOf = (...busy: number[]) =>
    report(
      row,
      new Map([
        [floor, [took(1), took(2), took(10)]],
        [ours, busy.map(took)],
      ]),
    ).flatMap(({ goals }) => goals);
  expect(goalsOf(3, 8, 90)).toEqual([{ goal: 'troupe ≤ 4× by hand, a FULL commit each', result: 4, met: true }]);
  expect(goalsOf(9, 10, 10)).toMatchObject([{ result: 5, met: false }]);
});

test('what a build cannot do is named, and no goal is met by it', () => {
  const row = durableTurn(1, { busy: 4 }, 1);
  const [floor, ours] = entrants(row);
  if (!floor || !ours) throw new Error('The row has a floor and ours.');
  const reported = report(
    row,
    new Map([
      [floor, [took(1)]],
      [ours, undefined],
    ]),
  );
  expect(reported.map(({ missing }) => missing)).toContainEqual(['troupe']);
  expect(reported.flatMap(({ goals }) => goals)).toEqual([]);
});
