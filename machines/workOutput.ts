/** How a member that is no agent ends, in the words in which agents end. */
import type { AgentOutput } from '../src/contracts/agent.ts';
import type { Failure } from '../src/values/failure.ts';
import type { Json } from '../src/values/json.ts';
import { asZodJson } from './json.ts';
import { zeroUsage } from './usage.ts';

/** It has done its work. */
export const completedWith = (body: Json): AgentOutput => ({
  status: 'completed',
  answer: { type: 'result', body: asZodJson(body) },
  evidence: [],
  usage: zeroUsage,
});

/** It could not do it. */
export const failedWith = (failure: Failure): AgentOutput => ({
  status: 'failed',
  failure,
  phase: 'execution',
  evidence: [],
  usage: zeroUsage,
});

/** It was told to stop. */
export const cancelledWith = (reason: string): AgentOutput => ({ status: 'cancelled', reason, usage: zeroUsage });

/** What an end without an output counts as. */
export const noOutput = (what: string): AgentOutput =>
  failedWith({ kind: 'internal', message: `The ${what} ended without an output.`, retryable: false });
