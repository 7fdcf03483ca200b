/** An agent of OpenAI Agents, as the files of this adapter hand it on. */
import type { Agent } from '@openai/agents-core';

/** An agent, whatever its context and its output are. */
export type AnyOpenAiAgent = Agent<any, any>; // oxlint-disable-line typescript/no-explicit-any -- as the SDK itself says it
