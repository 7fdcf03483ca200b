/** A graph that is invoked while somebody watches: its parts, or its events, as LangGraph streams them. */
import type { StreamEvent } from '@langchain/core/tracers/log_stream';
import type { StreamMode } from '@langchain/langgraph';
import { TroupeError } from '../../values/failure.ts';
import type { LangGraphLike } from './compiledGraph.ts';

/** A part of the stream of a graph. */
export interface LangGraphPart {
  /** What it is a part of: `updates`, `messages`, `values`, `custom` … */
  readonly mode: StreamMode;
  /** What LangGraph gives in this mode. */
  readonly chunk: unknown;
}

/** Who watches an invocation. Every field may be left out; `onPart` and `onEvent` exclude each other. */
export interface LangGraphWatcher {
  /**
   * Told each part of the stream, while the graph is performed. Nothing of it is recorded. In `graph_call`, an invocation that is recorded has no parts. In `calls`, the graph runs again whenever
   * the body does, and its parts come again: an answer of a model that is recorded comes as one whole message, instead of the tokens that came first.
   */
  readonly onPart?: (part: LangGraphPart) => void;
  /** Which parts; `updates` by default. */
  readonly streamMode?: StreamMode | readonly StreamMode[];
  /** Told each event of `streamEvents`, in its version 2; when and how often as for `onPart`. */
  readonly onEvent?: (event: StreamEvent) => void;
}

/** The watcher of a request; undefined for none. Throws `invalid` for one that cannot be. */
export function watcherIn(
  what: string,
  { onPart, streamMode, onEvent }: LangGraphWatcher,
): LangGraphWatcher | undefined {
  if (onPart && onEvent)
    throw new TroupeError('invalid', `${what} is watched either with onPart or with onEvent, and not with both.`);
  if (streamMode !== undefined && !onPart)
    throw new TroupeError('invalid', `${what} is given a streamMode, and nobody is told: invoke(ctx, { …, onPart }).`);
  if (onEvent) return { onEvent };
  return onPart && { onPart, ...(streamMode === undefined ? {} : { streamMode }) };
}

/** Invokes a graph, and gives its last state. */
export async function watchedInvoke(
  graph: LangGraphLike,
  input: unknown,
  config: object,
  { onPart = () => {}, streamMode = 'updates', onEvent }: LangGraphWatcher,
): Promise<unknown> {
  const cannot = (method: string) =>
    new TroupeError('definition', `This graph cannot be watched: it has no method "${method}".`);
  let last: unknown;
  if (onEvent) {
    if (!graph.streamEvents) throw cannot('streamEvents');
    let whole: string | undefined;
    for await (const event of graph.streamEvents(input, { ...config, version: 'v2' }) as AsyncIterable<StreamEvent>) {
      // The first event is the begin of the graph itself.
      whole ??= event.run_id;
      if (event.event === 'on_chain_end' && event.run_id === whole) last = event.data.output;
      onEvent(event);
    }
    return last;
  }
  if (!graph.stream) throw cannot('stream');
  const modes = [streamMode].flat();
  const stream = await graph.stream(input, { ...config, streamMode: [...new Set([...modes, 'values'])] });
  // For several modes, LangGraph says which one each chunk is of.
  for await (const [mode, chunk] of stream as AsyncIterable<[StreamMode, unknown]>) {
    if (mode === 'values') last = chunk;
    if (modes.includes(mode)) onPart({ mode, chunk });
  }
  return last;
}
