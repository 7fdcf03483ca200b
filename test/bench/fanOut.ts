/** A fan-out on disk at three sizes: one worker for each item, a hundred at a time, against the same work in a plain pool of promises. Run with --expose-gc to measure memory. */
import { agent, mapReduce } from '../../src/index.ts';
import { atSizes } from './measure.ts';
import { answerOf, modelWith, withSqliteRuntime, pool } from './pool.ts';

const width = 100;

export async function fanOut(sizes: readonly number[] = [1_000, 3_000, 10_000]): Promise<void> {
  await atSizes(`An item of a fan-out, ${width} at once, on disk`, sizes, [
    {
      name: 'a pool of promises, nothing kept',
      run: (count, tick) => pool(count, width, (index) => answerOf(modelWith(tick), `item ${index}`)),
    },
    {
      name: 'agents behind a pool of promises',
      run: (count, tick) =>
        withSqliteRuntime(async (runtime) => {
          const worker = agent({ name: 'worker', model: modelWith(tick) });
          return pool(count, width, async (index) => (await runtime.start(worker, `item ${index}`)).outcome());
        }),
    },
    {
      name: 'mapReduce',
      run: (count, tick) =>
        withSqliteRuntime(async (runtime) => {
          const fan = mapReduce({
            name: 'fan',
            split: (items) => Array.from({ length: Number(items) }, (_, index) => `item ${index}`),
            map: agent({ name: 'worker', model: modelWith(tick) }),
            reduce: (all) => all.length,
            concurrency: width,
          });
          const outcome = await (await runtime.start(fan, String(count))).outcome();
          if (outcome.status !== 'done' || outcome.output !== count)
            throw new Error(`The fan-out ended as ${JSON.stringify(outcome).slice(0, 300)}`);
        }),
    },
  ]);
}

if (process.argv[1]?.endsWith('fanOut.ts')) {
  const given = process.argv.slice(2).map(Number);
  await fanOut(given.length > 0 ? given : undefined);
  process.exit(0);
}
