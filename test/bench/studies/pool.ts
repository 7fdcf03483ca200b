/** Shared by the measurements of distributed work: a model that answers at once, and a hand-written pool of promises as the floor. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agent, openRuntime, type Agent, type Runtime } from '../../../src/index.ts';
import type { Model, ModelPart } from '../../../src/contracts/model.ts';

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };

/** `asked` is called for every model call. */
export const modelWith = (onCall: () => void = () => {}): Model => ({
  id: 'bench:model',
  async *stream(): AsyncGenerator<ModelPart> {
    onCall();
    yield { type: 'text', text: 'ok' };
    yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
  },
});

/** One answer of a model, read to the end of its stream. */
export async function answerOf(model: Model, text: string): Promise<string> {
  let answer = '';
  const scope = { key: text, signal: new AbortController().signal, deadline: undefined };
  for await (const part of model.stream(
    { instructions: '', messages: [{ role: 'user', text }], tools: [] },
    scope as never,
  ))
    if (part.type === 'text') answer += part.text;
  return answer;
}

export const membersWith = (model: Model, size: number): Agent[] =>
  Array.from({ length: size }, (_, i) => agent({ name: `m${i}`, model }) as unknown as Agent);

/** `width` workers, each taking the next item. */
export async function pool<T>(count: number, width: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** Runs the work with a runtime on a temporary file. */
export async function withSqliteRuntime<T>(work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-fan-'));
  try {
    await using runtime = await openRuntime({ db: join(folder, 'journal.db') });
    return await work(runtime);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
