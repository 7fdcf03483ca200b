/** A graph of LangGraph that runs inside a flow: its invocations, or the calls of its agent, are checkpoints. */
import type { BaseCheckpointSaver } from '@langchain/langgraph';
import type * as z from 'zod';
import type { FlowContext, WaitOptions } from '../../flow/context.ts';
import { requireCallName } from '../../flow/checkpoint.ts';
import { TroupeError } from '../../values/failure.ts';
import { loadOptional } from '../../values/optional.ts';
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { countedName } from '../countedName.ts';
import { isInsideCheckpoint, recordedCall } from '../savePoint.ts';
import { requireRecording, type RecordingPolicy } from '../toolPolicy.ts';
import type { LangGraphLike } from './compiledGraph.ts';
import { inFlow } from './currentFlow.ts';
import { invokeGraph, threadAt, type InvokeParts, type LangGraphRun } from './invoke.ts';
import { langGraphSerial } from './serial.ts';
import { watcherIn, type LangGraphWatcher } from './stream.ts';

/** A graph. Every field but the graph may be left out. */
export interface LangGraphOptions extends Pick<RecordingPolicy, 'checkpoints'> {
  /** A compiled graph, such as an agent of `createAgent`. */
  readonly graph: LangGraphLike;
  /**
   * `graph_call`: an invocation is one checkpoint, and its thread is that of the graph's checkpointer; the default. `calls`: the calls that the middleware
   * `langGraphCalls` sees are checkpoints, and the thread belongs to the run alone.
   */
  readonly strategy?: 'graph_call' | 'calls';
  /** Refuses a graph whose threads do not survive a restart; false by default. */
  readonly requireDurable?: boolean;
}

const graphOptionNames: OptionNames<LangGraphOptions> = {
  graph: true,
  strategy: true,
  requireDurable: true,
  checkpoints: true,
};

/** How a graph that was interrupted goes on. */
export interface LangGraphResume {
  /** The thread of the run that was interrupted. */
  readonly threadId: string;
  /** What `interrupt` gives; for several, by their ids. */
  readonly value: unknown;
}

/** What a graph is given, or how it goes on. */
export type LangGraphRequest = LangGraphWatcher &
  (
    | {
        /** What it is invoked with. */
        readonly input: unknown;
        /** The thread whose state it goes on with. */
        readonly threadId: string;
      }
    | {
        /** What was answered: see `waitForInterrupt`. */
        readonly resume: LangGraphResume;
      }
  );

/** A graph that can be used in any flow. */
export interface DurableGraph {
  /** The name that its checkpoints have. */
  readonly name: string;
  /** Works until the graph has ended, or is interrupted: see `waitForInterrupt`. */
  invoke(ctx: FlowContext, request: LangGraphRequest): Promise<LangGraphRun>;
}

/**
 * Makes a graph of LangGraph durable.
 * @example const guide = langGraph('guide', { graph: builder.compile({ checkpointer }) });
 * // in a flow: const { values } = await guide.invoke(ctx, { input: { topic }, threadId: ctx.executionId });
 */
export function langGraph(name: string, options: LangGraphOptions): DurableGraph {
  requireCallName('A graph', name);
  const what = `the graph "${name}"`;
  requireOptions(what, options, graphOptionNames);
  requireRecording(what, options);
  const { graph, strategy = 'graph_call', requireDurable = false, checkpoints } = options;
  /** Flows whose threads were begun by the present run of their body. */
  const begun = new WeakMap<FlowContext, Set<string>>();

  /** In `calls` every run of a body begins its thread again: what was recorded brings it to the same state. */
  async function freshThread(ctx: FlowContext, threadId: string): Promise<string> {
    const own = `${ctx.executionId}/${threadId}`;
    const known = begun.get(ctx) ?? new Set();
    begun.set(ctx, known);
    if (known.has(own)) return own;
    known.add(own);
    const { checkpointer } = graph;
    // What a graph is compiled with.
    if (isSaver(checkpointer)) await checkpointer.deleteThread(own);
    return own;
  }

  /** An invocation as one checkpoint. Another one before it says where the thread was: an attempt that a crash has ended is then told from a new one. */
  async function oneCall(ctx: FlowContext, parts: InvokeParts) {
    const { threadId, input, serial, warnings } = parts;
    const base =
      graph.checkpointer && !isInsideCheckpoint()
        ? await recordedCall(ctx, {
            name: `${name}_thread`,
            options: { type: 'graph_call' },
            given: { threadId },
            run: () => threadAt(graph, threadId),
          })
        : undefined;
    return recordedCall(ctx, {
      name: `${name}_graph`,
      options: { type: 'graph_call', ...checkpoints?.turn },
      given: { threadId, input: await serial.write(input) },
      run: ({ signal }) =>
        inFlow(ctx, () => invokeGraph({ ...parts, signal, ...(base === undefined ? {} : { base }) })),
      facts: ({ status }) => ({
        graph_calls: { thread_id: threadId, status, ...(warnings.length > 0 ? { warnings } : {}) },
      }),
    });
  }

  return {
    name,
    async invoke(ctx, request) {
      const sdk = await loadOptional(
        ['@langchain/langgraph', '@langchain/core'],
        `${what} needs`,
        () => import('@langchain/langgraph'),
      );
      const { threadId } = 'resume' in request ? request.resume : request;
      if (typeof threadId !== 'string' || threadId === '')
        throw new TroupeError('invalid', `${what} needs the id of a thread: invoke(ctx, { input, threadId }).`);
      const warnings = strategy === 'calls' ? [] : weaknesses(name, graph, sdk.MemorySaver);
      if (requireDurable && warnings[0] !== undefined) throw new TroupeError('definition', warnings[0]);
      const serial = langGraphSerial(sdk);
      const input = 'resume' in request ? new sdk.Command({ resume: request.resume.value }) : request.input;
      const parts = { sdk, graph, serial, input, warnings, watcher: watcherIn(what, request) };
      const run = await (strategy === 'calls'
        ? inFlow(ctx, async () =>
            invokeGraph({ ...parts, threadId: 'resume' in request ? threadId : await freshThread(ctx, threadId) }),
          )
        : oneCall(ctx, { ...parts, threadId }));
      return { ...run, values: await serial.read(run.values) };
    },
  };
}

const isSaver = (checkpointer: unknown): checkpointer is BaseCheckpointSaver =>
  typeof checkpointer === 'object' && checkpointer !== null && 'deleteThread' in checkpointer;

function weaknesses(
  name: string,
  { checkpointer }: LangGraphLike,
  MemorySaver: { readonly prototype: object },
): readonly string[] {
  if (!checkpointer)
    return [
      `The graph "${name}" has no checkpointer: an invocation that a crash interrupts begins again from its input.`,
    ];
  // One that is derived from it may well store them.
  if (Object.getPrototypeOf(checkpointer) === MemorySaver.prototype)
    return [
      `The graph "${name}" keeps its threads in memory (MemorySaver): they do not survive a restart of the process. Compile it with a checkpointer that stores them.`,
    ];
  return [];
}

/** Asks people what an interrupted graph asks, and gives the request with which it goes on. Rejects with `invalid` for a graph that is completed. */
export async function waitForInterrupt<Schema extends z.ZodType>(
  ctx: FlowContext,
  { threadId, interrupts }: LangGraphRun,
  question: Omit<WaitOptions<Schema>, 'schema' | 'default'> & {
    /** What an answer must fit. */
    readonly schema: Schema;
  },
): Promise<{ readonly resume: LangGraphResume }> {
  if (interrupts.length === 0)
    throw new TroupeError(
      'invalid',
      'There is nothing to answer: waitForInterrupt takes a run whose status is "interrupted".',
    );
  const answers = await Promise.all(
    interrupts.map(async ({ id, value }) => {
      const answer = await ctx.wait({
        ...question,
        name: countedName(ctx, question.name ?? 'interrupt'),
        question: question.question ?? (typeof value === 'string' ? value : JSON.stringify(value)),
        metadata: { ...question.metadata, adapter: 'langgraph', thread_id: threadId },
      });
      return [id ?? '', answer] as const;
    }),
  );
  const value: unknown = answers.length === 1 ? answers[0]?.[1] : Object.fromEntries(answers);
  return { resume: { threadId, value } };
}
