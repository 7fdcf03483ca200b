/** `troupe/adapters/claude-agent`: agents of the Claude Agent SDK inside flows. */
export {
  claudeAgent,
  type ClaudeAgent,
  type ClaudeAgentOptions,
  type ClaudeQuery,
  type ClaudeRequest,
} from './agent.ts';
export type { ClaudeInvocation, ClaudeMessage } from './invocation.ts';
export type { CapturePolicy } from '../capture.ts';
export type { SavePointOptions } from '../savePoint.ts';
