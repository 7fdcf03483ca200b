/** An agent's turn (one model answer, one tool call) against a loop written by hand, in memory and on disk, at three lengths. */
import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { agent, openRuntime, tool } from '../../src/index.ts';
import { openSqliteDriver } from '../../src/journal/sqlite/driver.ts';
import { memory } from '../../src/journal/memory.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import type { Json } from '../../src/values/json.ts';
import type { Message, Model, ModelPart } from '../../src/contracts/model.ts';
import { compare, per } from './measure.ts';

const usage = { inputTokens: 10, outputTokens: 5, cachedTokens: 0, reported: true, usd: 0 };

/** A model that calls a tool `turns` times, and then answers. */
const modelOf = (turns: number): Model => ({
  id: 'bench:model',
  async *stream({ messages }): AsyncGenerator<ModelPart> {
    const turn = (messages.length - 1) / 2;
    if (turn >= turns) {
      yield { type: 'text', text: 'done' };
      yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
      return;
    }
    yield { type: 'call', call: { id: `c${turn}`, name: 'add', input: { n: turn } } };
    yield { type: 'finish', reason: 'calls', usage, model: 'bench:model' };
  },
});
const add = ({ n }: { n: number }) => ({ sum: n + 1 });

/** The hand-written floor. `keep` stores each result, as a durable loop must: one commit per effect. */
export async function loop(turns: number, keep: (key: string, value: Json) => void): Promise<void> {
  const model = modelOf(turns);
  const messages: Message[] = [{ role: 'user', text: 'go' }];
  for (let turn = 0; ; turn++) {
    const parts: ModelPart[] = [];
    for await (const part of model.stream(
      { instructions: '', messages, tools: [] },
      { key: `${turn}`, signal: new AbortController().signal, deadline: undefined },
    ))
      parts.push(part);
    const [first] = parts;
    keep(`m${turn}`, first as unknown as Json);
    if (first?.type !== 'call') return;
    messages.push({ role: 'assistant', text: '', calls: [first.call] });
    const result = add(first.call.input as { n: number });
    keep(`t${turn}`, result);
    messages.push({
      role: 'tool',
      results: [{ id: first.call.id, name: 'add', ok: true, content: JSON.stringify(result) }],
    });
  }
}

export const subject = (turns: number) =>
  agent({
    name: 'bench',
    model: modelOf(turns),
    limits: { maxRepeats: 1_000_000 },
    budget: { steps: 1_000_000, toolCalls: 1_000_000, tokens: 1_000_000_000 },
    tools: [
      tool({
        name: 'add',
        description: 'Adds one.',
        input: z.object({ n: z.number() }),
        output: z.object({ sum: z.number() }),
        run: add,
      }),
    ],
  });

const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
let files = 0;
const file = () => join(folder, `${files++}.db`);

export async function agentTurns(): Promise<void> {
  for (const turns of [10, 100, 400]) {
    const repeat = Math.max(1, Math.round(400 / turns));
    const nothing = () => {};
    await compare(`Agent turn in memory, ${turns} turns`, [
      {
        name: 'hand-written loop',
        run: () =>
          per(turns * repeat, async () => {
            for (let i = 0; i < repeat; i++) await loop(turns, nothing);
          }),
      },
      {
        name: 'troupe, memory journal',
        async run() {
          await using runtime = await openRuntime({ journal: memory() });
          const clerk = subject(turns);
          return await per(turns * repeat, async () => {
            for (let i = 0; i < repeat; i++) await expectDone((await runtime.start(clerk, 'go')).outcome());
          });
        },
      },
    ]);
  }
  for (const turns of [10, 100, 400]) {
    const bytes: Record<string, number> = {};
    await compare(`Durable agent turn, ${turns} turns`, [
      {
        name: 'loop + one FULL commit per effect',
        async run() {
          const path = file();
          const db = await openSqliteDriver(path);
          db.exec(
            'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE steps (key TEXT PRIMARY KEY, value TEXT)',
          );
          const insert = db.prepare('INSERT INTO steps VALUES (?, ?)');
          const time = await per(turns, () => loop(turns, (key, value) => void insert.run(key, JSON.stringify(value))));
          db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
          db.close();
          bytes.loop = statSync(path).size / turns;
          return time;
        },
      },
      {
        name: 'troupe, sqlite FULL',
        async run() {
          const path = file();
          const journal = await sqlite(path);
          let time: number;
          {
            await using runtime = await openRuntime({ journal });
            time = await per(turns, async () => expectDone((await runtime.start(subject(turns), 'go')).outcome()));
          }
          await journal[Symbol.asyncDispose]();
          bytes.troupe = statSync(path).size / turns;
          return time;
        },
      },
    ]);
    console.log(`  bytes per turn: loop ${bytes.loop!.toFixed(0)}, troupe ${bytes.troupe!.toFixed(0)}`);
  }
}

export async function expectDone(outcome: Promise<{ status: string }>): Promise<void> {
  const { status } = await outcome;
  if (status !== 'done') throw new Error(`The run ended as ${status}: ${JSON.stringify(await outcome)}`);
}
