/** `troupe/adapters/openai-agents`: agents of OpenAI Agents inside flows. */
export {
  openAiAgent,
  waitForApproval,
  type OpenAiAgent,
  type OpenAiAgentOptions,
  type OpenAiRequest,
} from './agent.ts';
export type { AnyOpenAiAgent } from './anyAgent.ts';
export type { OpenAiInterruption, OpenAiResume, OpenAiRun } from './run.ts';
export { hitlTool, type ApprovalQuestion, type PersonQuestion, type PersonTool } from '../personQuestion.ts';
export type { CapturePolicy, ToolCapture } from '../capture.ts';
export type { SavePointOptions } from '../savePoint.ts';
export type { AgentCheckpoints, RecordingPolicy } from '../toolPolicy.ts';
