/**
 * What a flow has recorded, in the order in which its body was told of it. A body that is run again from its top is given the same, in the same order.
 *
 * Records are stored as checkpoints of the effect that runs the body; several that were made at once are stored together.
 */
import type { Failure } from '../../values/failure.ts';
import type { Json, JsonObject } from '../../values/json.ts';

/** What a call of a body asks for. */
export type FlowCallKind = 'checkpoint' | 'wait' | 'sleep' | 'signal' | 'child';

/** How a call ended. `encoded`: the output holds values that JSON does not have, such as dates; `decodeValue` reads it. */
export type FlowCallOutcome =
  | {
      readonly ok: true;
      /** What it gave. */
      readonly output: Json;
      readonly encoded?: true;
    }
  | {
      readonly ok: false;
      /** Why it failed, after its last attempt. */
      readonly failure: Failure;
    };

/** A call that has ended. */
export interface FlowCallRecord {
  readonly record: 'call';
  /** Its invocation id: the name, with `_2`, `_3` … for further calls of that name, or the id that was given. Unique in its run. */
  readonly id: string;
  /** Its name; absent where it is the id. */
  readonly name?: string;
  /** What it asks for. */
  readonly kind: FlowCallKind;
  /** For people: `llm_call`, `tool_call`, …; none when absent. */
  readonly type?: string;
  /** The call that it is nested in; absent for a call of the body itself. */
  readonly scope?: string;
  /** Which call of its scope it was, counted from 0 in the order in which they were made. */
  readonly n: number;
  /** The call of whose end the body had been told last when it made this one; absent when of none. */
  readonly after?: string;
  /** The calls that it was told to wait for. */
  readonly waitedFor?: readonly string[];
  /** A hash of what it was given; absent for one that takes nothing. */
  readonly input?: string;
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  /** How long it took with all its attempts, in milliseconds. */
  readonly ms: number;
  /** When it had ended where it was taken from, in milliseconds since the epoch: the body is told that time. Absent for what was performed. */
  readonly time?: number;
  /** What the body has logged about it. */
  readonly metadata?: JsonObject;
  /** It was not performed in this run: taken from the run that this one replays, from a cache, or given as an override. */
  readonly from?: 'replay' | 'cache' | 'override';
  /** The call inside whose failure it has thrown: of a nested checkpoint that failed. */
  readonly cause?: string;
  /** The ids of the artifacts that it has loaded. */
  readonly loaded?: readonly string[];
  /** It was made after the flow was told to stop. */
  readonly cleanUp?: true;
  /** How it ended. */
  readonly outcome: FlowCallOutcome;
}

/** An attempt that failed and is followed by another one. */
export interface FlowAttemptRecord {
  readonly record: 'attempt';
  /** The call. */
  readonly id: string;
  /** The first is 1. */
  readonly attempt: number;
  readonly at: number;
  readonly ms: number;
  readonly failure: Failure;
  /** Milliseconds since the epoch before which the next attempt does not begin. */
  readonly next: number;
  readonly metadata?: JsonObject;
}

/**
 * An attempt has begun: recorded before a write that cannot be repeated, of which nobody knows whether it happened if its end is not recorded; and of any other attempt once
 * it has taken long, so that it is seen.
 */
export interface FlowBegunRecord {
  readonly record: 'begun';
  /** The call. */
  readonly id: string;
  /** Its name; absent where it is the id. */
  readonly name?: string;
  /** As of a call. */
  readonly type?: string;
  /** As of a call. */
  readonly scope?: string;
  /** The first is 1. Earlier versions did not write it. */
  readonly attempt?: number;
  /** Of a write that cannot be repeated: its idempotency key. Earlier versions did not write it. */
  readonly key?: string;
  readonly at: number;
}

/** An attempt that is recorded as begun was stopped, because another call had failed, and has come to nothing. */
export interface FlowStoppedRecord {
  readonly record: 'stopped';
  /** The call. */
  readonly id: string;
  readonly at: number;
}

/** The flow was told to stop: the body is told so here, after the calls before, and what it calls afterwards is clean-up. */
export interface FlowStoppingRecord {
  readonly record: 'stopping';
  readonly at: number;
  readonly reason: string;
}

/** Facts that the body has logged about the run itself. */
export interface FlowLogRecord {
  readonly record: 'log';
  readonly at: number;
  readonly data: JsonObject;
}

/** A value that a checkpoint has saved beside its result. */
export interface FlowArtifactRecord {
  readonly record: 'artifact';
  /** Unique in its run: the calls that its flow is a child of, the call, and the name. */
  readonly id: string;
  /** The call that has saved it. */
  readonly call: string;
  /** The name that it was saved under. */
  readonly name: string;
  /** What it is, for people. */
  readonly type: ArtifactType;
  /** Words to find it by; none when absent. */
  readonly tags?: readonly string[];
  /** When it was saved, in milliseconds since the epoch. */
  readonly at: number;
  /** SHA-256 of its content, in hexadecimal, and its length in bytes. */
  readonly hash: string;
  /** The length of its content in bytes. */
  readonly bytes: number;
  /** What its content is: a text, bytes, or bytes that were saved as a stream and are loaded as one; a value as JSON when absent. */
  readonly content?: 'text' | 'bytes' | 'stream';
  /** The value, where it is small; what is large is stored under its hash. `encoded` as for an outcome. */
  readonly value?: Json;
  readonly encoded?: true;
  /** Its media type, where it is text or bytes rather than a value. */
  readonly mediaType?: string;
}

/** The body has thrown, and the flow has failed. */
export interface FlowFailedRecord {
  readonly record: 'failed';
  readonly at: number;
  readonly failure: Failure;
  /** The call whose failure it has thrown; absent where it has thrown something of its own. */
  readonly call?: string;
}

/** The flow was begun again after it had failed: the call that had failed is performed again, and what came after it. */
export interface FlowRetryRecord {
  readonly record: 'retry';
  readonly at: number;
  /** How often the run was retried by then. */
  readonly life: number;
  /** What is recorded is taken by the ids of the calls: the body was changed. */
  readonly migrated?: true;
}

/** One record. */
export type FlowRecord =
  | FlowCallRecord
  | FlowAttemptRecord
  | FlowBegunRecord
  | FlowStoppedRecord
  | FlowStoppingRecord
  | FlowLogRecord
  | FlowArtifactRecord
  | FlowFailedRecord
  | FlowRetryRecord;

/** What a body is told in the order in which it is recorded. */
export type ToldRecord = FlowCallRecord | FlowStoppingRecord;

/** What an artifact is, for people. */
export const artifactTypes = ['prompt', 'response', 'context', 'input', 'output', 'blob'] as const;
/** What an artifact is, for people. */
export type ArtifactType = (typeof artifactTypes)[number];

/** The name of the slot whose checkpoints are the records of a flow. */
export const flowBodySlot = 'body';
/** The list of a flow's actor with the results that it takes from the run that it replays. */
export const keptRecordsList = 'flow.kept';
/** The list of a flow's actor of what has arrived for its body. */
export const arrivalsList = 'flow.arrivals';
/** The lists of a flow's actor that go on when its run is retried. */
export const listsOfAllLives: readonly string[] = [keptRecordsList, arrivalsList];
