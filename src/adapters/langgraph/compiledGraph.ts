/** A compiled graph of LangGraph, whatever its types are. */

/** What this adapter uses of a compiled graph. */
export interface LangGraphLike {
  /** Where LangGraph stores the states of its threads; none when absent. */
  readonly checkpointer?: unknown;
  /** Runs it to its end, or until it is interrupted. */
  invoke(input: any, config?: any): Promise<unknown>; // oxlint-disable-line typescript/no-explicit-any -- a graph is compiled with types of its own
  /** The same, told part by part. */
  stream?(input: any, config?: any): Promise<AsyncIterable<unknown>>; // oxlint-disable-line typescript/no-explicit-any -- the same
  /** The same, told event by event. */
  streamEvents?(input: any, config?: any): AsyncIterable<unknown>; // oxlint-disable-line typescript/no-explicit-any -- the same
  /** The state of a thread. */
  getState(config: any): Promise<unknown>; // oxlint-disable-line typescript/no-explicit-any -- the same
}
