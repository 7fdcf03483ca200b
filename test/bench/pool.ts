/** What all who hand out work are measured with: a model that answers at once, and the pool of promises that one would write by hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agent, openRuntime, type Agent, type Runtime } from '../../src/index.ts';
import type { Model, ModelPart } from '../../src/contracts/model.ts';

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };

/** `asked` is called with every call. */
export const modelWith = (asked: () => void = () => {}): Model => ({
  id: 'bench:model',
  async *stream(): AsyncGenerator<ModelPart> {
    asked();
    yield { type: 'text', text: 'ok' };
    yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
  },
});

/** One answer of a model, read to its end. */
export async function answerOf(model: Model, text: string): Promise<string> {
  let said = '';
  const scope = { key: text, signal: new AbortController().signal, deadline: undefined };
  for await (const part of model.stream(
    { instructions: '', messages: [{ role: 'user', text }], tools: [] },
    scope as never,
  ))
    if (part.type === 'text') said += part.text;
  return said;
}

export const membersWith = (model: Model, size: number): Agent[] =>
  Array.from({ length: size }, (_, i) => agent({ name: `m${i}`, model }) as unknown as Agent);

/** So many workers, each taking the next piece. */
export async function pool<T>(count: number, width: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** On a file of its own, which is gone afterwards. */
export async function onDisk<T>(work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-fan-'));
  try {
    await using runtime = await openRuntime({ db: join(folder, 'journal.db') });
    return await work(runtime);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
