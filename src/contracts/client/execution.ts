/** What a client sees of a run: a flow, an agent, a team, a workflow or any other definition that was started. All of it is JSON. */
import * as z from 'zod';
import { anyJson } from '../../values/anyJson.ts';
import { Failure } from '../../values/failure.ts';
import { artifactTypes } from '../flow/record.ts';

/** The state of a run, for people. */
export const ExecutionStatus = z.enum(['running', 'waiting', 'paused', 'completed', 'failed', 'cancelled']);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

/** Where a failure comes from. */
export const FailureOrigin = z.enum(['user_code', 'runtime', 'backend', 'divergence', 'unknown']);
export type FailureOrigin = z.infer<typeof FailureOrigin>;

/** Why a run, a call or an attempt failed. */
export const FailureInfo = z.object({
  /** What went wrong, for people. */
  message: z.string(),
  /** The kind of the failure, such as `invalid` or `timeout`. */
  kind: Failure.shape.kind,
  /** The name of what was thrown, such as `TypeError`. */
  exception_type: z.string().optional(),
  /** The stack of what was thrown, where it is known. */
  traceback: z.string().optional(),
  /** Where it comes from. */
  origin: FailureOrigin,
});
export type FailureInfo = z.infer<typeof FailureInfo>;

/** A question that waits for a person. */
export const PendingWait = z.object({
  /** The address of its ticket. */
  wait_id: z.string(),
  /** The run. */
  exec_id: z.string(),
  /** The name under which it can be answered. */
  name: z.string(),
  /** The question, for people. */
  question: z.string(),
  /** JSON Schema of the answer. */
  schema: z.record(z.string(), anyJson()),
  /** Facts for those who answer; `subject` is the call that it is about, where it is about one. */
  metadata: z.record(z.string(), anyJson()),
  /** When it was asked, in milliseconds since the epoch. */
  entered_waiting_at: z.number(),
  /** When it expires, in milliseconds since the epoch. */
  deadline: z.number().optional(),
});
export type PendingWait = z.infer<typeof PendingWait>;

/** One attempt of a call. */
export const CheckpointAttempt = z.object({
  /** Its number; the first is 1. */
  attempt: z.number(),
  /** How it stands. */
  status: z.enum(['running', 'completed', 'failed']),
  /** When it began, in milliseconds since the epoch. */
  started_at: z.number(),
  /** When it ended, in milliseconds since the epoch; absent before. */
  ended_at: z.number().optional(),
  /** What was logged in it. */
  metadata: z.record(z.string(), anyJson()),
  /** Why it failed; absent when it did not. */
  failure: FailureInfo.optional(),
});
export type CheckpointAttempt = z.infer<typeof CheckpointAttempt>;

/** A value that belongs to a run. */
export const ArtifactInfo = z.object({
  /** `<run>/<call>/<name>`; the result of a call has the name `output`. */
  artifact_id: z.string(),
  /** The run that has it. */
  exec_id: z.string(),
  /** The name that it was saved under; `output` for the result of a call. */
  name: z.string(),
  /** `null` for the result of a call. */
  kind: z.enum(artifactTypes).nullable(),
  /** `manual`: it was saved under a name. `step_output`: it is the result of a call. */
  save_type: z.enum(['manual', 'step_output']),
  /** The call that made it. */
  producing_call: z.string(),
  /** Words to find it by. */
  tags: z.array(z.string()),
  /** SHA-256 of its content, in hexadecimal. */
  hash: z.string(),
  /** The length of its content in bytes. */
  bytes: z.number(),
  /** The media type of a text or of bytes; absent where none is known. */
  media_type: z.string().optional(),
  /** When it was made, in milliseconds since the epoch. */
  created_at: z.number(),
  /** The calls that have loaded it, as `<run>/<call>`; those of the same run. */
  loaded_by: z.array(z.string()),
});
export type ArtifactInfo = z.infer<typeof ArtifactInfo>;

/** A call of a flow: a checkpoint, a wait, a pause, a signal or a child. */
export const CheckpointInfo = z.object({
  /** `<run>/<invocation id>`. */
  call_id: z.string(),
  /** Its id, unique in the run. */
  invocation_id: z.string(),
  /** Its name; several calls may have the same one. */
  name: z.string(),
  /** What it asks for. */
  kind: z.enum(['checkpoint', 'wait', 'sleep', 'signal', 'child']),
  /** What a checkpoint is, for people: `llm_call`, `tool_call`, …; absent where nothing says it. */
  checkpoint_type: z.string().optional(),
  /** How it stands. */
  status: z.enum(['running', 'waiting', 'completed', 'failed', 'cancelled']),
  /** When it began, in milliseconds since the epoch. */
  started_at: z.number(),
  /** When it ended, in milliseconds since the epoch; absent while it goes on. */
  ended_at: z.number().optional(),
  /** The calls that it follows. */
  parent_call_ids: z.array(z.string()),
  /** What was logged about it. */
  metadata: z.record(z.string(), anyJson()),
  /** Set when it was not performed in this run. */
  from: z.enum(['replay', 'cache', 'override']).optional(),
  /** Why it failed; absent when it did not. */
  failure: FailureInfo.optional(),
  /** Its attempts, the first one first; none where they are not recorded. */
  attempts: z.array(CheckpointAttempt),
});
export type CheckpointInfo = z.infer<typeof CheckpointInfo>;

/** A run. */
export const Execution = z.object({
  /** Its id. */
  exec_id: z.string(),
  /** The name of its definition. */
  flow_name: z.string(),
  /** What kind of definition it is: `flow`, `agent`, `team`, `workflow`, … */
  kind: z.string(),
  /** How it stands. */
  status: ExecutionStatus,
  /** When it began, in milliseconds since the epoch. */
  started_at: z.number(),
  /** When it ended, in milliseconds since the epoch; absent while it goes on. */
  ended_at: z.number().optional(),
  /** Why it has this status, for people; absent where there is nothing to say. */
  status_reason: z.string().optional(),
  /** Why it failed; absent when it did not. */
  failure: FailureInfo.optional(),
  /** The oldest of its open questions; absent when none is open. */
  pending_wait: PendingWait.optional(),
  /** What the body has logged about the run, and what it was started with: its file, its deployment. */
  metadata: z.record(z.string(), anyJson()),
  /** The configuration that it was started with; secrets are `***`. */
  frozen_execution_spec: anyJson().optional(),
  /** The run that it replays. */
  original_exec_id: z.string().optional(),
  /** Its result, once it is completed. */
  result: anyJson().optional(),
  /** How many calls it has. */
  checkpoint_count: z.number(),
  /** How many artifacts it has. */
  artifact_count: z.number(),
  /** Its calls, in the order in which they began. Empty in lists. */
  checkpoints: z.array(CheckpointInfo),
  /** Its artifacts, in the order in which they were made. Empty in lists. */
  artifacts: z.array(ArtifactInfo),
});
export type Execution = z.infer<typeof Execution>;

/** A line of what happened in a run. */
export const LogEntry = z.object({
  /** The place in the run: a later call goes on after it. */
  seq: z.number(),
  /** When it happened, in milliseconds since the epoch. */
  timestamp: z.number(),
  /** How much it matters. */
  level: z.enum(['debug', 'info', 'warning', 'error']),
  /** `step`: it is about a call; `runner`: about the run itself. */
  source: z.enum(['step', 'runner']),
  /** The name of the call; absent for a line about the run itself. */
  checkpoint_name: z.string().optional(),
  /** What happened, for people. */
  message: z.string(),
});
export type LogEntry = z.infer<typeof LogEntry>;

/** A part of a list, and how to go on. */
export interface Page<Item> {
  /** The entries of this part, in the order of the list. */
  readonly items: readonly Item[];
  /** Pass it as `cursor` for what follows; absent on the last page. */
  readonly next?: string;
}
