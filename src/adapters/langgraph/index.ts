/** `troupe/adapters/langgraph`: graphs of LangGraph inside flows. */
export {
  langGraph,
  waitForInterrupt,
  type DurableGraph,
  type LangGraphOptions,
  type LangGraphRequest,
  type LangGraphResume,
} from './graph.ts';
export type { LangGraphLike } from './compiledGraph.ts';
export type { LangGraphInterrupt, LangGraphRun } from './invoke.ts';
export type { LangGraphPart, LangGraphWatcher } from './stream.ts';
export { langGraphCalls, type LangGraphCallsOptions } from './middleware.ts';
export { hitlTool, type PersonQuestion, type PersonTool } from '../personQuestion.ts';
export type { CapturePolicy, ToolCapture } from '../capture.ts';
export type { SavePointOptions } from '../savePoint.ts';
export type { AgentCheckpoints, RecordingPolicy } from '../toolPolicy.ts';
