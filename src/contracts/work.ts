/**
 * What supervisors hand on to each other, and what comes back. A router and a guardrail *stand*: they live as long as the run they
 * belong to, take `work` after `work` from their parent, and answer each with `work.done`. What they supervise does one task and ends.
 */
import * as z from 'zod';
import { json } from './json.ts';
import { AgentAnswer, AgentOutput, Budget } from './agent.ts';

/** What is known of a task beside its message; guardrails and routers decide by it. Times are milliseconds. */
export const TaskFacts = z.object({
  task: z.string().optional(),
  /** For one attempt. */
  timeout: z.number().positive().optional(),
  steps: z.number().int().positive().optional(),
  /** What the task itself says it may use up, where it says more than steps. */
  budget: Budget.optional(),
  /** Milliseconds since the epoch. */
  deadline: z.number().optional(),
  metadata: z.record(z.string(), json()).optional(),
});
export type TaskFacts = z.infer<typeof TaskFacts>;

/** A piece of work for a guardrail, a router or a member. */
export const Work = z.object({
  type: z.literal('work'),
  /** Unique among what its sender has handed on. */
  id: z.string().min(1),
  /** For which member, where somebody above has chosen. */
  to: z.string().optional(),
  message: AgentAnswer,
  allowance: Budget.optional(),
  /** 1 for the first. */
  attempt: z.number().int().positive(),
  facts: TaskFacts,
  /** How many hands it came through. */
  depth: z.number().int().nonnegative().optional(),
  /** The name under which its sender may be asked for more than the allowance; and that cheaper models are to go on when it runs short. */
  lease: z.string().optional(),
  degrade: z.literal(true).optional(),
});
export type Work = z.infer<typeof Work>;

/** The end of a piece of work. One that was refused on the way has failed, with `refusal` in the failure's data. */
export const WorkDone = z.object({ type: z.literal('work.done'), id: z.string(), output: AgentOutput });
export type WorkDone = z.infer<typeof WorkDone>;

/** What may be said of work under way. Without an id it is said of all of it. */
export const WorkSignal = z.discriminatedUnion('type', [
  z.object({ type: z.literal('work.cancel'), id: z.string().optional(), reason: z.string() }),
  z.object({ type: z.literal('work.pause'), id: z.string().optional() }),
  z.object({ type: z.literal('work.resume'), id: z.string().optional() }),
]);
export type WorkSignal = z.infer<typeof WorkSignal>;

/** When a guardrail looks at a piece of work: before, during and after it, at the text of a model, at a tool call. */
export const stages = ['pre', 'mid', 'post', 'stream', 'tool'] as const;
export type Stage = (typeof stages)[number];

/** Why a guardrail or a router turned something down: the `data` of the failure. */
export const Refusal = z.object({ refusedBy: z.string(), stage: z.enum(stages).optional(), reason: z.string() });
export type Refusal = z.infer<typeof Refusal>;
