import { Annotation, END, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { flow } from 'troupe';
import { langGraph, waitForInterrupt } from 'troupe/adapters/langgraph';
import { z } from 'zod';

const State = Annotation.Root({ draft: Annotation<string>(), ok: Annotation<boolean>() });
const graph = new StateGraph(State)
  .addNode('write', () => ({ draft: 'Boats' }))
  .addNode('check', ({ draft }) => ({ ok: interrupt<string, boolean>(`Publish "${draft}"?`) }))
  .addEdge(START, 'write')
  .addEdge('write', 'check')
  .addEdge('check', END)
  .compile({ checkpointer: new MemorySaver() }); // one that stores its threads, in production
const writer = langGraph('writer', { graph });

export default flow('publishing', async (ctx) => {
  let run = await writer.invoke(ctx, { input: {}, threadId: ctx.executionId });
  while (run.status === 'interrupted')
    run = await writer.invoke(ctx, await waitForInterrupt(ctx, run, { schema: z.boolean() }));
  return run.values;
});
