/** What a tool call is given, keeps, and is told. */
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { ToolAnswer, ToolOutcome, ToolRequest } from '../agent/effectTypes.ts';
import type { Delegation } from '../member.ts';

/** The input of `toolCallMachine`. */
export interface ToolCallInput {
  /** The tool, its arguments and what is known of its effect. */
  readonly call: ToolRequest;
  /** Whether a person must approve it. */
  readonly ask: boolean;
  /** How long a person has to answer, in milliseconds. */
  readonly patience: number;
  /** The agent or team whose work the call is, and its message; undefined for a call of a tool. */
  readonly delegate?: Delegation;
}

/** What a tool call is told. */
export type ToolCallEvent =
  | { type: 'call.interrupt' }
  | { type: 'call.pause' }
  | { type: 'call.resume' }
  /** For a delegate: its caller is ending, and waits to learn what the work has used. */
  | { type: 'call.cancel'; reason: string }
  | TreasuryLease
  | TreasuryAnswer;

/** Whether a write has happened; `done: undefined` when the tool cannot tell. */
export type WriteReconciliation =
  | ({ done: true } & ToolAnswer)
  | { done: false }
  | {
      /** The tool cannot tell, so a person is asked. */
      done: undefined;
    };

/** What it keeps. */
export interface ToolCallContext extends ToolCallInput {
  readonly attempts: number;
  readonly outcome: ToolOutcome;
  /** The key of the first attempt, once it is uncertain whether it happened (K6). */
  readonly key?: string;
}
