/** Workflows of transforms that change nothing: what the steps themselves cost. */
import type { Row, Scope, Timed } from '../../row.ts';
import { newFile, stepsFile } from '../file.ts';
import { requireDone } from '../loop.ts';
import { benchWorkflow, noOp } from './project.ts';

interface Dag {
  /** Steps follow each other in so many levels, of so many each. */
  readonly levels: number;
  readonly width: number;
  /** So many runs at once. */
  readonly runs: number;
  /** At least so many steps a second. */
  readonly rate?: number;
  /** At most so many commits for each level of a run. */
  readonly commits?: number;
  /** At least so many times the rate of one FULL commit for each step. */
  readonly against?: number;
}

const byHand = 'by hand, a FULL commit each';

/** A DAG of transforms on disk. A step of a level reads that above it, and waits for its neighbour there. */
export function workflowDag({ levels, width, runs, rate, commits, against }: Dag): Row {
  const rateGoals = [
    ...(rate === undefined ? [] : [{ of: 'troupe', atLeast: rate }]),
    ...(against === undefined ? [] : [{ of: 'troupe', against: byHand, atLeast: against }]),
  ];
  const commitGoals = commits === undefined ? [] : [{ of: 'troupe', atMost: commits }];
  return {
    name: `workflow-dag-${runs}x${levels}x${width}`,
    title: `workflows of transforms on disk: ${runs} run${runs === 1 ? '' : 's'} of ${levels} levels of ${width}`,
    unit: 'step',
    units: runs * levels * width,
    columns: [
      { figure: 'rate', goals: rateGoals },
      { figure: 'commits', goals: commitGoals },
      { figure: 'busy' },
      { figure: 'pause', goals: [{ of: 'troupe', atMost: 20 }] },
    ],
    contestants: [
      {
        name: byHand,
        open:
          ({ load, folder }) =>
          async (timed) => {
            const db = await stepsFile(load, newFile(folder));
            const measured = await timed(() => stepsByHand(runs, levels * width, db.insert));
            db.close();
            return { ...measured, commits: runs === 1 ? width : levels * width };
          },
      },
      { name: 'troupe', ours: true, open: (scope) => dag(scope, { levels, width, runs }) },
    ],
  };
}

async function stepsByHand(runs: number, steps: number, insert: (key: string, value: string) => void) {
  for (let step = 0; step < steps; step++)
    for (let run = 0; run < runs; run++) {
      insert(`${run}.${step}`, JSON.stringify({ result: { n: 1 } }));
      // Timers and sockets have their turn.
      if (run % 50 === 49) await new Promise((turn) => setImmediate(turn));
    }
}

async function dag(scope: Scope, { levels, width, runs }: Required<Pick<Dag, 'levels' | 'width' | 'runs'>>) {
  const { openRuntime } = await scope.load('src/index');
  const pipeline = Array.from({ length: levels * width }, (_, index) => {
    const [level, column] = [Math.floor(index / width), index % width];
    const above = (nth: number) => `s${level - 1}_${nth % width}`;
    return {
      id: `s${level}_${column}`,
      ...noOp(level === 0 ? 'params' : above(column)),
      ...(level === 0 || width === 1 ? {} : { depends_on: [above(column + 1)] }),
    };
  });
  const subject = await benchWorkflow(scope, {
    'workflows/bench.workflow.yaml': { kind: 'workflow', name: 'bench', pipeline },
  });
  return async (timed: Timed) => {
    let commits = 0;
    await using runtime = await openRuntime({
      db: newFile(scope.folder),
      observers: [({ type }) => void (type === 'commit' && commits++)],
    });
    const one = async () => requireDone((await runtime.start(subject, { n: 1 })).outcome());
    const measured = await timed(() => Promise.all(Array.from({ length: runs }, one)));
    return { ...measured, commits: commits / runs / levels };
  };
}
