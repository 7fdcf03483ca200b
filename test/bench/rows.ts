/** The table of the benchmark. Sizes and goals stand here; what each row does stands in `rows/`. The rows load what they measure, and other packages, when they need it: a floor has a process without them. */
import type { Row } from './row.ts';
import { ask } from './rows/ask.ts';
import { atRest } from './rows/atRest.ts';
import { idleNode } from './rows/cluster/idle.ts';
import { coldStart } from './rows/cluster/coldStart.ts';
import { healthyNode, nodeDeath } from './rows/cluster/death.ts';
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

const items = (atLeast: number) => [
  { figure: 'rate' as const, goals: [{ of: 'troupe', atLeast }] },
  { figure: 'busy' as const },
  { figure: 'written' as const },
];

const workflowItemColumns = (atLeast: number) => [
  ...items(atLeast),
  { figure: 'pause' as const, goals: [{ of: 'troupe', atMost: 20 }] },
];

export const rows: readonly Row[] = [
  turn(10, 1),
  turn(100, 0.8),
  turn(400, 0.8),
  turn(2_000, 0.8),
  turnGrowth(2_000),
  turnMemory(400),
  durableTurn(10, { wall: 2.5, stored: 5, written: 3 }),
  durableTurn(100, { wall: 1.8, busy: 4, stored: 5, written: 3 }),
  durableTurn(400, { wall: 1.7, stored: 5, written: 3 }),
  durableSteps(1, 1_000, 0.7),
  durableSteps(100, 20, 3),
  fanOut({ count: 1_000, where: 'memory', worker: 'agent', columns: items(2_500), rounds: 5 }),
  fanOut({ count: 1_000, where: 'disk', worker: 'agent', columns: items(1_500), rounds: 5 }),
  fanOut({ count: 1_000, where: 'memory', worker: 'function', columns: items(30_000), rounds: 5 }),
  fanOut({ count: 1_000, where: 'disk', worker: 'function', columns: items(20_000), rounds: 5 }),
  fanOut({
    count: 10_000,
    where: 'memory',
    worker: 'agent',
    columns: [
      { figure: 'peak', goals: [{ of: 'troupe', against: 'a pool of promises', atMost: 3 }] },
      { figure: 'rate' },
    ],
    fresh: true,
    rounds: 1,
  }),
  ask(10_000),
  natsAsk(2_000, 1, { handler: 0.85, actor: 0.7 }),
  natsAsk(10_000, 100, { handler: 2, actor: 1 }),
  committedMessage('default', 2_000, 100, 1),
  committedMessage('always', 2_000, 100, 4),
  idleNode(500, 5_000),
  waitingRuns({ count: 2_000, window: 30_000, settling: 10_000 }),
  workers(4, 500),
  nodeDeath('SIGKILL', 6, 3),
  nodeDeath('SIGSTOP', 6, 2),
  healthyNode(6, 4, 45_000),
  coldStart(
    [
      { finished: 100, waiting: 10 },
      { finished: 500, waiting: 50 },
      { finished: 2_500, waiting: 250 },
    ],
    3_000,
  ),
  nodePause(2_000),
  atRest(200),
  processStart(),
  guardedStream(10_000),
  guardedStream(30_000),
  crowd(1_000, 'disk'),
  crowd(1_000, 'memory'),
  workflowDag({ levels: 10, width: 100, runs: 1, rate: 5_000, commits: 3 }),
  workflowDag({ levels: 20, width: 1, runs: 100, against: 5 }),
  workflowItems({ count: 10_000, worker: 'transform', where: 'disk', columns: workflowItemColumns(20_000), rounds: 5 }),
  workflowItems({ count: 1_000, worker: 'agent', where: 'disk', columns: workflowItemColumns(1_500), rounds: 5 }),
  workflowItems({
    count: 10_000,
    worker: 'agent',
    where: 'memory',
    columns: [
      { figure: 'peak', goals: [{ of: 'troupe', against: 'a pool of promises', atMost: 1.7 }] },
      ...workflowItemColumns(2_500),
    ],
    fresh: true,
    rounds: 1,
  }),
  workflowItems({
    count: 10_000,
    worker: 'transform',
    where: 'disk',
    columns: [{ figure: 'peak', goals: [{ of: 'troupe', against: 'a pool of promises', atMost: 1.7 }] }],
    fresh: true,
    rounds: 1,
  }),
  workflowItemsStored('transform', [100, 1_000, 10_000]),
  workflowItemsStored('agent', [100, 1_000, 10_000]),
  workflowValidation(200, 1_000),
  workflowInvoke(200, 2),
  flowCheckpoints(1, 1_000, 0.8),
  flowCheckpoints(100, 20, 6),
  flowMap(10_000, 100, 10_000),
  flowResume(10_000, 400),
  flowAnswer(200, 1_000, 20),
  path({ message: 12, toolCall: 15, resume: 15 }),
];
