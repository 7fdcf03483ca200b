/** One invocation of a graph, and its result as data. */
import type * as LangGraph from '@langchain/langgraph';
import type { Json } from '../../values/json.ts';
import type { LangGraphSerial } from './serial.ts';
import type { LangGraphLike } from './compiledGraph.ts';
import { watchedInvoke, type LangGraphWatcher } from './stream.ts';

/** A question that a graph has stopped at. */
export interface LangGraphInterrupt {
  /** Its id, where LangGraph gives one. */
  readonly id?: string;
  /** What `interrupt` was given. */
  readonly value: unknown;
}

/** What an invocation comes to. */
export interface LangGraphRun {
  /** Has it ended, or does it wait for an answer? */
  readonly status: 'completed' | 'interrupted';
  /** The thread that it has run in. */
  readonly threadId: string;
  /** The state of the graph. */
  readonly values: unknown;
  /** What it has stopped at; none when it is completed. */
  readonly interrupts: readonly LangGraphInterrupt[];
  /** The nodes that come next. */
  readonly next: readonly string[];
  /** The checkpoint of LangGraph that holds the state; absent without a checkpointer. */
  readonly checkpointId?: string;
  /** What people should know; none as a rule. */
  readonly warnings: readonly string[];
}

/** A run as it is written. */
export type WrittenRun = Omit<LangGraphRun, 'values'> & { readonly values: Json };

/** What is known of a state. */
interface Snapshot {
  readonly values?: unknown;
  readonly next: readonly string[];
  readonly config?: { readonly configurable?: { readonly checkpoint_id?: string } };
  readonly tasks: readonly { readonly interrupts?: readonly LangGraphInterrupt[] }[];
}

/** What an invocation is performed with. */
export interface InvokeParts {
  readonly sdk: typeof LangGraph;
  readonly graph: LangGraphLike;
  readonly serial: LangGraphSerial;
  readonly input: unknown;
  readonly threadId: string;
  /** The checkpoint of LangGraph that the thread was at before the first attempt, null for a new thread; undefined where that is not recorded. */
  readonly base?: string | null;
  readonly signal?: AbortSignal;
  /** Who is told of its parts. */
  readonly watcher: LangGraphWatcher | undefined;
  readonly warnings: readonly string[];
}

/** At which checkpoint of LangGraph a thread is: null for a new one. */
export async function threadAt(graph: LangGraphLike, threadId: string): Promise<string | null> {
  return checkpointOf(await snapshotOf(graph, threadId)) ?? null;
}

/** Invokes a graph. A thread that has moved since `base` was left by an earlier attempt: it is gone on with, and its input not given again. */
export async function invokeGraph(parts: InvokeParts): Promise<WrittenRun> {
  const { sdk, graph, serial, input, threadId, base, signal, watcher, warnings } = parts;
  const before = base === undefined ? undefined : await snapshotOf(graph, threadId);
  const hasBegun = before !== undefined && (checkpointOf(before) ?? null) !== base;
  const isOver = hasBegun && (before.next.length === 0 || interruptsIn(before).length > 0);
  let result: unknown;
  if (!isOver) {
    const config = { configurable: { thread_id: threadId }, ...(signal ? { signal } : {}) };
    const given = hasBegun ? null : input;
    result = await (watcher ? watchedInvoke(graph, given, config, watcher) : graph.invoke(given, config));
  }
  const after = graph.checkpointer ? await snapshotOf(graph, threadId) : undefined;
  const values = after?.values ?? withoutInterrupts(sdk, result);
  const interrupts = after ? interruptsIn(after) : [];
  const checkpointId = after && checkpointOf(after);
  return {
    status: interrupts.length > 0 ? 'interrupted' : 'completed',
    threadId,
    values: await serial.write(values),
    interrupts,
    next: after?.next ?? [],
    ...(checkpointId === undefined ? {} : { checkpointId }),
    warnings,
  };
}

// What LangGraph gives for a thread.
const snapshotOf = async (graph: LangGraphLike, threadId: string): Promise<Snapshot> =>
  (await graph.getState({ configurable: { thread_id: threadId } })) as Snapshot;

const checkpointOf = ({ config }: Snapshot): string | undefined => config?.configurable?.checkpoint_id;

const interruptsIn = ({ tasks }: Snapshot): LangGraphInterrupt[] =>
  tasks.flatMap(({ interrupts = [] }) =>
    interrupts.map(({ id, value }) => ({ ...(id === undefined ? {} : { id }), value })),
  );

function withoutInterrupts({ INTERRUPT }: typeof LangGraph, result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !(INTERRUPT in result)) return result;
  const { [INTERRUPT]: _, ...values } = result as Record<string, unknown>;
  return values;
}
