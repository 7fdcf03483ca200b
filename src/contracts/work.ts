/**
 * What supervisors pass on to each other, and what comes back. A router and a guardrail are long-lived: they live as long as the run they
 * belong to, take `work` after `work` from their parent, and answer each with `work.done`. The actors they supervise do one task and end.
 */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { AgentAnswer, AgentOutput, Budget } from './agent.ts';

/** What is known of a task beside its message; guardrails and routers decide by it. */
export const TaskFacts = z.object({
  /** The id of the task in its batch. */
  task: z.string().optional(),
  /** How long one attempt may take, in milliseconds. */
  timeout: z.number().positive().optional(),
  /** Answers of a model that the task may use, where it says so. */
  steps: z.number().int().positive().optional(),
  /** The task's own budget, where it has more than steps. */
  budget: Budget.optional(),
  /** When the task must be over, in milliseconds since the epoch. */
  deadline: z.number().optional(),
  /** Facts that the task's sender gave for routers and guardrails. */
  metadata: z.record(z.string(), anyJson()).optional(),
});
export type TaskFacts = z.infer<typeof TaskFacts>;

/** A piece of work for a guardrail, a router or a member. */
export const Work = z.object({
  type: z.literal('work'),
  /** Unique among what its sender has passed on. */
  id: z.string().min(1),
  /** The member it is for, where one was chosen. */
  to: z.string().optional(),
  /** What the member is to work on. */
  message: AgentAnswer,
  /** What may be used up for it; a kind that is not named is not limited. */
  allowance: Budget.optional(),
  /** The number of the attempt: 1 for the first. */
  attempt: z.number().int().positive(),
  /** What is known of the task beside its message. */
  facts: TaskFacts,
  /** How many agents and teams have passed it on already. */
  depth: z.number().int().nonnegative().optional(),
  /** The name of the lease under which its sender may be asked for more than the allowance. */
  lease: z.string().optional(),
  /** Cheaper models take over when the allowance runs short. */
  degrade: z.literal(true).optional(),
});
export type Work = z.infer<typeof Work>;

/** The end of a piece of work. One that was rejected on the way has failed, with `refusal` in the failure's data. */
export const WorkDone = z.object({ type: z.literal('work.done'), id: z.string(), output: AgentOutput });
export type WorkDone = z.infer<typeof WorkDone>;

/** Signals about work in progress. Without an id they are about all of it. */
export const WorkSignal = z.discriminatedUnion('type', [
  /** Stops the work. */
  z.object({ type: z.literal('work.cancel'), id: z.string().optional(), reason: z.string() }),
  /** Holds the work. */
  z.object({ type: z.literal('work.pause'), id: z.string().optional() }),
  /** Goes on after a pause. */
  z.object({ type: z.literal('work.resume'), id: z.string().optional() }),
]);
export type WorkSignal = z.infer<typeof WorkSignal>;

/** When a guardrail looks at a piece of work: before, during and after it, at the text of a model, at a tool call. */
export const guardrailStages = ['pre', 'mid', 'post', 'stream', 'tool'] as const;
export type GuardrailStage = (typeof guardrailStages)[number];

/** Why a guardrail or a router rejected something: the `data` of the failure. */
export const Refusal = z.object({
  refusedBy: z.string(),
  stage: z.enum(guardrailStages).optional(),
  reason: z.string(),
});
export type Refusal = z.infer<typeof Refusal>;
