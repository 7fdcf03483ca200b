/** A fan-out over agents that answer at once, or over plain functions, against a pool of promises. */
import type { Model, ModelPart } from '../../../src/contracts/model.ts';
import type { Column, Contestant, Row, Scope, Timed } from '../row.ts';
import { newFile } from './file.ts';
import { requireDone } from './loop.ts';

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
const width = 100;

/** A model that answers at once. */
const quickModel: Model = {
  id: 'bench:model',
  async *stream(): AsyncGenerator<ModelPart> {
    yield { type: 'text', text: 'ok' };
    yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
  },
};

/** The answer of the model, read by hand. */
async function answerOf(model: Model, text: string): Promise<string> {
  let answer = '';
  const scope = { key: text, signal: new AbortController().signal, deadline: undefined };
  const asked = { instructions: '', messages: [{ role: 'user' as const, text }], tools: [] };
  for await (const part of model.stream(asked, scope)) if (part.type === 'text') answer += part.text;
  return answer;
}

/** `width` workers, each taking the next item. */
async function pool<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

interface FanOut {
  readonly count: number;
  readonly where: 'memory' | 'disk';
  readonly worker: 'agent' | 'function';
  readonly columns: readonly Column[];
  readonly fresh?: true;
  readonly rounds: number;
}

export function fanOut({ count, where, worker, columns, fresh, rounds }: FanOut): Row {
  const byHand: Contestant = {
    name: 'a pool of promises',
    open: () => (timed) =>
      timed(() =>
        pool(count, (index) => (worker === 'agent' ? answerOf(quickModel, `item ${index}`) : shout(`item ${index}`))),
      ),
  };
  return {
    name: `fan-out-${worker}-${where}-${count}`,
    title: `a fan-out over ${count} ${worker}s, ${width} at once, ${where === 'disk' ? 'on disk' : 'in memory'}`,
    unit: 'item',
    units: count,
    columns,
    rounds,
    ...(fresh ? { fresh } : {}),
    contestants: [byHand, { name: 'troupe', ours: true, open: (scope) => fan(scope, { count, where, worker }) }],
  };
}

const shout = async (item: string) => item.toUpperCase();

async function fan({ load, folder }: Scope, { count, where, worker }: Pick<FanOut, 'count' | 'where' | 'worker'>) {
  const { agent, mapReduce, openRuntime } = await load('src/index');
  const split = (items: unknown) => Array.from({ length: Number(items) }, (_, index) => `item ${index}`);
  const reduce = (all: readonly unknown[]) => all.length;
  // A function as a worker is in the types of the builds that have it; the others refuse it.
  const map = worker === 'agent' ? agent({ name: 'worker', model: quickModel }) : (shout as never);
  let subject: ReturnType<typeof mapReduce>;
  try {
    subject = mapReduce({ name: 'fan', split, map, reduce, concurrency: width }) as typeof subject;
  } catch (error) {
    if (worker === 'function') return undefined;
    throw error;
  }
  return async (timed: Timed) => {
    await using runtime = await openRuntime({ db: where === 'disk' ? newFile(folder) : 'memory' });
    return await timed(async () => {
      const output = await requireDone((await runtime.start(subject, String(count) as never)).outcome());
      if (output !== count) throw new Error(`${count} items went in, ${JSON.stringify(output)} came out.`);
    });
  };
}
