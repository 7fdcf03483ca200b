/** What a router costs: tasks over a hundred agents, sixteen at a time, at three sizes, against the same work in a plain pool of promises. Run with --expose-gc to measure memory. */
import { openRuntime, orchestrator, routers, type Agent, type Runtime, type TaskResult } from '../../../src/index.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { atSizes, compare, per } from './measure.ts';
import { answerOf, membersWith, modelWith, withSqliteRuntime, pool } from './pool.ts';

const [size, width] = [100, 16];

async function orchestrated(runtime: Runtime, members: readonly Agent[], count: number): Promise<TaskResult[]> {
  const desk = orchestrator({ name: 'desk', members, router: routers.roundRobin(), mode: `parallel:${width}` });
  const tasks = Array.from({ length: count }, (_, i) => `task ${i}`);
  const outcome = await (await runtime.start(desk, { tasks })).outcome();
  if (outcome.status !== 'done') throw new Error(`The run ended as ${JSON.stringify(outcome).slice(0, 300)}`);
  const results = outcome.output as unknown as TaskResult[];
  if (results.some(({ success }) => !success)) throw new Error('A task failed.');
  return results;
}

const pooled = (runtime: Runtime, members: readonly Agent[], count: number) =>
  pool(count, width, async (index) => (await runtime.start(members[index % size]!, `task ${index}`)).outcome());

/** How evenly the tasks were distributed: the fewest and the most tasks of one member. */
function spread(results: readonly TaskResult[]): string {
  const taken = new Map<string, number>();
  for (const { agentId } of results) taken.set(agentId, (taken.get(agentId) ?? 0) + 1);
  return `${Math.min(...taken.values())} to ${Math.max(...taken.values())} tasks for each of ${taken.size} members`;
}

export async function routing(sizes: readonly number[] = [1_000, 3_000, 10_000]): Promise<void> {
  const count = sizes[0]!;
  const members = membersWith(modelWith(), size);
  const inMemory = async (work: (runtime: Runtime) => Promise<unknown>) => {
    await using runtime = await openRuntime({ journal: memory() });
    return await per(count, () => work(runtime));
  };
  await compare(
    `A task in memory, ${count} over ${size} members, ${width} at once`,
    [
      {
        name: 'agents behind a pool of promises',
        run: () => inMemory((runtime) => pooled(runtime, members, count)),
      },
      { name: 'agents behind a router', run: () => inMemory((runtime) => orchestrated(runtime, members, count)) },
    ],
    3,
  );

  const spreads = new Map<number, string>();
  await atSizes(`A task over ${size} members, ${width} at once, on disk`, sizes, [
    {
      name: 'a pool of promises, nothing kept',
      run: (many, tick) => pool(many, width, (index) => answerOf(modelWith(tick), `task ${index}`)),
    },
    {
      name: 'agents behind a pool of promises',
      run: (many, tick) => withSqliteRuntime((runtime) => pooled(runtime, membersWith(modelWith(tick), size), many)),
    },
    {
      name: 'agents behind a router',
      run: (many, tick) =>
        withSqliteRuntime(async (runtime) => {
          const results = await orchestrated(runtime, membersWith(modelWith(tick), size), many);
          spreads.set(many, spread(results));
        }),
    },
  ]);
  for (const [many, spreadText] of spreads) console.log(`  ${String(many).padStart(6)}  ${spreadText}`);
}
