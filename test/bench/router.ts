/** What a router costs: a task through an orchestrator against the same agents behind a plain pool of promises; and 10,000 tasks over 100 members. Run with --expose-gc for the bytes. */
import { agent, openRuntime, orchestrator, routers, type Agent, type TaskResult } from '../../src/index.ts';
import type { Model, ModelPart } from '../../src/contracts/model.ts';
import { memory } from '../../src/journal/memory.ts';
import { compare, per } from './measure.ts';

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
const model: Model = {
  id: 'bench:model',
  async *stream(): AsyncGenerator<ModelPart> {
    yield { type: 'text', text: 'ok' };
    yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
  },
};
const team = (size: number): Agent[] =>
  Array.from({ length: size }, (_, i) => agent({ name: `m${i}`, model }) as unknown as Agent);
const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `task ${i}`);

/** What one would write by hand: so many workers, each taking the next task. */
async function pool(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function orchestrated(members: readonly Agent[], count: number): Promise<TaskResult[]> {
  await using runtime = await openRuntime({ journal: memory() });
  const desk = orchestrator({ name: 'desk', members, router: routers.roundRobin(), mode: 'parallel:16' });
  const outcome = await (await runtime.start(desk, { tasks: texts(count) })).outcome();
  if (outcome.status !== 'done') throw new Error(`The run ended as ${JSON.stringify(outcome).slice(0, 300)}`);
  const results = outcome.output as unknown as TaskResult[];
  if (results.some(({ success }) => !success)) throw new Error('A task failed.');
  return results;
}

export async function routing(): Promise<void> {
  const count = 1_000;
  const members = team(100);
  await compare(
    `A task, ${count} over 100 members, 16 at once`,
    [
      {
        name: 'agents behind a pool of promises',
        async run() {
          await using runtime = await openRuntime({ journal: memory() });
          return await per(count, () =>
            pool(count, 16, async (index) => {
              await (await runtime.start(members[index % 100]!, `task ${index}`)).outcome();
            }),
          );
        },
      },
      { name: 'agents behind a router', run: () => per(count, () => orchestrated(members, count)) },
    ],
    3,
  );

  const many = 10_000;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  const results = await orchestrated(members, many);
  const took = (performance.now() - began) / 1_000;
  globalThis.gc?.();
  const kept = process.memoryUsage().heapUsed - before;
  const taken = new Map<string, number>();
  for (const { agentId } of results) taken.set(agentId, (taken.get(agentId) ?? 0) + 1);
  const shares = [...taken.values()];
  console.log(
    `  ${many} tasks over ${shares.length} members, parallel:16: ${Math.round(many / took)} tasks/s, ` +
      `${Math.min(...shares)} to ${Math.max(...shares)} tasks each, ${Math.round(kept / many)} bytes kept per task`,
  );
}
