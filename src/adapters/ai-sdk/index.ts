/** `troupe/adapters/ai-sdk`: agents of the AI SDK inside flows. */
export { aiSdkAgent, type AiSdkAgent, type AiSdkAgentOptions, type AiSdkRequest } from './agent.ts';
export { durableModel, type AiSdkModel, type AiSdkRecording } from './model.ts';
export { durableTools, type AiSdkTools } from './tools.ts';
export type { AiSdkTurn, AiSdkTurnSettings } from './turn.ts';
export { hitlTool, type ApprovalQuestion, type PersonQuestion, type PersonTool } from '../personQuestion.ts';
export type { CapturePolicy, ToolCapture } from '../capture.ts';
export type { SavePointOptions } from '../savePoint.ts';
export type { AgentCheckpoints, RecordingPolicy } from '../toolPolicy.ts';
