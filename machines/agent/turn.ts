/** What is said between an agent's machine and its effects: what the model's answer came to, and how each call ended. */
import type { AgentAnswer, AgentUsage, Budget, Evidence, Phase } from '../../src/contracts/agent.ts';
import type { EffectKind } from '../../src/contracts/effect.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { Delegation } from '../member.ts';
import type { ToolCall, ToolTier, Usage } from '../../src/contracts/model.ts';

/** What a model is told before its turn; the transcript it reads from the list. */
export interface Thinking {
  /** The type of the message that is the task: it decides which answers there are. */
  readonly message: string;
  readonly step: number;
  readonly tier: ToolTier;
  /** How many fallbacks have taken over so far. */
  readonly fallbacks: number;
  readonly used: AgentUsage;
  readonly allowance?: Budget;
  /** More than its own budget. */
  readonly extra?: Budget;
  /** How many models were passed over for cheaper ones. */
  readonly cheaper?: number;
  /** Input tokens that the next call is expected to need. */
  readonly expected: number;
}

/** What is known of the tool behind a call that is made. */
export interface Made {
  readonly effect: EffectKind;
  /** Performing it again under the same key changes nothing. */
  readonly idempotent: boolean;
  /** It comes from the toolbelt. */
  readonly belt: boolean;
}

/** A call as the machine keeps it while its turn lasts. `refused`: it is not made, and the model is told why. */
export type ReadCall = ToolCall & { readonly hash: string } & (
    | ({ readonly how: 'run'; readonly tier: ToolTier } & Made)
    | ({
        readonly how: 'guarded';
        readonly ask: boolean;
        readonly patience: number;
        readonly tier: ToolTier;
        /** It is work for somebody else. */
        readonly delegate?: Omit<Delegation, 'depth'>;
      } & Made)
    | { readonly how: 'refused'; readonly why: string }
    | { readonly how: 'settled'; readonly content: string }
  );

/** A model's answer after it was read against the tools and replies on offer. */
export interface Reading {
  readonly text: string;
  readonly calls: readonly ReadCall[];
  readonly usage: Usage;
  readonly model: string;
  readonly means:
    | { readonly kind: 'answer'; readonly answer: AgentAnswer }
    | { readonly kind: 'calls' }
    | { readonly kind: 'unusable'; readonly problem: string }
    | { readonly kind: 'refusal'; readonly says: string };
  /** A tier that the model asked for. */
  readonly wants?: ToolTier;
}

/** A call as its effect gets it. What it is was decided when the answer was read, so a restart need not ask again. */
export interface ToolRequest extends Made {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
  readonly hash: string;
}
export interface ToolAnswer {
  /** What the model is shown. */
  readonly content: string;
}
export type ToolOutcome =
  | { readonly ok: true; readonly content: string; readonly usage?: AgentUsage }
  /** `usage`: what somebody else used whose work the call was. */
  | { readonly ok: false; readonly content: string; readonly failure: Failure; readonly usage?: AgentUsage };

export interface Discovered {
  readonly tools: number;
  readonly epoch: number;
  /** Required capabilities that no tool has. */
  readonly missing: readonly string[];
  /** What was left out or is not there, in words for people. */
  readonly problems: readonly string[];
}
export interface Belting {
  /** Of the tools so far. */
  readonly epoch: number;
  /** The type of the message that is the task. */
  readonly message: string;
}
export interface Belt {
  readonly tools: number;
  readonly epoch: number;
  /** Required capabilities that no tool has even with it. */
  readonly missing: readonly string[];
  /** Names that are taken already. */
  readonly conflicts: readonly string[];
}

export interface PlanStep {
  readonly id: string;
  readonly goal: string;
  readonly dependsOn: readonly string[];
  readonly tool?: string | undefined;
  readonly expected: string;
  readonly verification: string;
}
/** What a phase that asks the model has to pay for. */
export interface Bill {
  readonly usage: Usage;
  /** How many answers that were; one unless told otherwise. */
  readonly answers?: number;
}
export interface Planned extends Bill {
  readonly steps: readonly PlanStep[];
  readonly model: string;
}
export interface Analysis extends Bill {
  readonly objective: string;
  readonly requirements: readonly string[];
  readonly risks: readonly string[];
  readonly model: string;
}
export interface Verified {
  readonly evidence: readonly Evidence[];
}
export interface Fallback {
  /** What takes over, in words. */
  readonly resource: string;
}
export interface Recovering {
  readonly failure: Failure;
  readonly phase: Phase;
  readonly message: string;
  readonly fallbacks: number;
}
