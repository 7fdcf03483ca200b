/** The same checkpoints as tasks of LangGraph.js, with its saver for SQLite: each task is written before the next one begins, and flushed to the disk as ours is. */
import { newFile, sizeOf } from '../file.ts';
import type { Run, Scope } from '../../row.ts';

/** `runs` threads at once, with `each` tasks one after the other. */
export async function langGraphTasks({ folder }: Scope, runs: number, each: number): Promise<Run> {
  const { entrypoint, task } = await import('@langchain/langgraph');
  const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite');
  const step = task('step', async (nth: number) => nth);
  return async (timed) => {
    const file = newFile(folder);
    const checkpointer = SqliteSaver.fromConnString(file);
    checkpointer.db.pragma('journal_mode = WAL');
    checkpointer.db.pragma('synchronous = FULL');
    const bench = entrypoint({ name: 'bench', checkpointer }, async (count: number) => {
      for (let nth = 0; nth < count; nth++) await step(nth);
      return count;
    });
    const thread = (id: string) =>
      bench.invoke(each, { configurable: { thread_id: id }, durability: 'sync', recursionLimit: each + 10 });
    const measured = await timed(() => Promise.all(Array.from({ length: runs }, (_, run) => thread(`${run}`))));
    checkpointer.db.pragma('wal_checkpoint(TRUNCATE)');
    checkpointer.db.close();
    return { ...measured, stored: sizeOf(file) };
  };
}
