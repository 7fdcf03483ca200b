/** A step of a workflow that fans out: transforms or agents, a hundred at once, against a pool of promises. */
import type { Model, ModelPart } from '../../../../src/contracts/model.ts';
import type { Column, Row, Scope, Timed } from '../../row.ts';
import { packaged } from '../../modules.ts';
import { newFile, sizeOf } from '../file.ts';
import { requireDone } from '../loop.ts';
import { benchWorkflow, type ProjectFiles } from './project.ts';

const width = 100;
const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };

/** A model that answers at once with an object. */
const jsonModel: Model = {
  id: 'bench:model',
  async *stream(): AsyncGenerator<ModelPart> {
    yield { type: 'text', text: '{"text":"ok"}' };
    yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
  },
};

/** What is done for each item. */
export type ItemWorker = 'transform' | 'agent';

const forEach = { from: 'params.items', concurrency: width };

const transformFiles: ProjectFiles = {
  'workflows/bench.workflow.yaml': {
    name: 'bench',
    pipeline: [{ id: 'each', for_each: forEach, transform: { ops: [{ map: { expr: '{text: name}' } }] } }],
  },
};

const agentFiles: ProjectFiles = {
  'workflows/bench.workflow.yaml': {
    name: 'bench',
    pipeline: [{ id: 'each', for_each: forEach, agent: 'agents/each.agent.yaml', params: { name: '{{ item.name }}' } }],
  },
  'agents/each.agent.yaml': {
    name: 'each',
    model: 'standard',
    max_turns: 1,
    params: { schema: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } },
    prompt: { system: 'Answer.', user: '{{ params.name }}' },
    output: { schema: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } } },
  },
};

const itemsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `item ${index}` }));

/** The same by hand. */
const workByHand: Record<ItemWorker, (name: string) => Promise<unknown>> = {
  transform: async (name) => [{ text: name }],
  async agent(name) {
    let text = '';
    const scope = { key: name, signal: new AbortController().signal, deadline: undefined };
    const asked = { instructions: 'Answer.', messages: [{ role: 'user' as const, text: name }], tools: [] };
    for await (const part of jsonModel.stream(asked, scope)) if (part.type === 'text') text += part.text;
    return JSON.parse(text) as unknown;
  },
};

async function pool(count: number, work: (name: string) => Promise<unknown>): Promise<void> {
  const items = itemsOf(count);
  const results: unknown[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < count; at = next++) results[at] = await work(items[at]?.name ?? '');
  };
  await Promise.all(Array.from({ length: width }, worker));
  if (results.length !== count) throw new Error(`${count} items went in, ${results.length} results came out.`);
}

interface Items {
  readonly count: number;
  readonly worker: ItemWorker;
  readonly where: 'memory' | 'disk';
  readonly columns: readonly Column[];
  readonly fresh?: true;
  readonly rounds: number;
}

/** A step that fans out over so many items. */
export function workflowItems({ count, worker, where, columns, fresh, rounds }: Items): Row {
  return {
    name: `workflow-items-${worker}-${where}-${count}${fresh ? '-memory' : ''}`,
    title: `a workflow step over ${count} items (${worker}), ${width} at once, ${where === 'disk' ? 'on disk' : 'in memory'}`,
    unit: 'item',
    units: count,
    columns,
    rounds,
    ...(fresh ? { fresh } : {}),
    contestants: [
      { name: 'a pool of promises', open: () => (timed) => timed(() => pool(count, workByHand[worker])) },
      {
        name: 'troupe',
        ours: true,
        async open(scope) {
          const run = await itemsRun(scope, worker, fresh);
          return async (timed) => (await run(timed, count, where === 'disk' ? newFile(scope.folder) : 'memory')).sample;
        },
      },
    ],
  };
}

/** Bytes of the journal for an item, at the most items against the fewest. */
export function workflowItemsStored(worker: ItemWorker, counts: readonly number[]): Row {
  return {
    name: `workflow-items-${worker}-stored`,
    title: `bytes of the journal per item of a workflow step (${worker}), at ${counts.join(', ')} items`,
    unit: 'item',
    units: Math.max(...counts),
    columns: [{ figure: 'storedGrowth', goals: [{ of: 'troupe', atMost: 1.1 }] }, { figure: 'stored' }],
    rounds: 1,
    withoutFloor: true, // Bytes are bytes.
    contestants: [
      {
        name: 'troupe',
        ours: true,
        async open(scope) {
          const run = await itemsRun(scope, worker);
          return async (timed) => {
            const each: number[] = [];
            let stored = 0;
            for (const count of counts) {
              const file = newFile(scope.folder);
              await run(timed, count, file);
              stored = sizeOf(file);
              each.push(stored / count);
            }
            return { stored, storedGrowth: (each.at(-1) ?? 0) / (each[0] ?? 0) };
          };
        },
      },
    ],
  };
}

/** `fresh`: what is measured is a whole process, so it loads what users load. */
async function itemsRun(scope: Scope, worker: ItemWorker, fresh = false) {
  const door = fresh ? await packaged(scope) : await scope.load('src/index');
  const { openRuntime } = door;
  const subject =
    worker === 'agent'
      ? await benchWorkflow(scope, agentFiles, jsonModel, door)
      : await benchWorkflow(scope, transformFiles, undefined, door);
  return async (timed: Timed, count: number, db: string) => {
    await using runtime = await openRuntime({ db });
    const sample = await timed(async () => {
      const output = await requireDone((await runtime.start(subject, { items: itemsOf(count) })).outcome());
      // A workflow gives its result in `output.result`.
      const text = JSON.stringify(output);
      if (!text.includes(`item ${count - 1}`) && worker === 'transform')
        throw new Error(`${count} items went in; this came out: ${text.slice(0, 200)}`);
    });
    return { sample };
  };
}
