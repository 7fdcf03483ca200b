/** The inputs and outputs of an agent's effects: what the model's answer means, and how each call ended. */
import type { AgentAnswer, AgentUsage, Budget, Evidence, Phase } from '../../src/contracts/agent.ts';
import type { EffectKind } from '../../src/contracts/effect.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { Delegation } from '../member.ts';
import type { ToolCall, ToolTier, Usage } from '../../src/contracts/model.ts';

/** The input of an effect that asks the model. It reads the transcript from the list. */
export interface ModelCallInput {
  /** The type of the message that is the task: it decides which replies there are. */
  readonly message: string;
  /** The number of this answer of the model; 1 for the first. */
  readonly step: number;
  /** The tools on offer. */
  readonly tier: ToolTier;
  /** How many fallbacks were used so far. */
  readonly fallbacks: number;
  readonly used: AgentUsage;
  /** What is left for the task where that is less than the agent's own budget. */
  readonly allowance?: Budget;
  /** What a person granted beyond the agent's own budget. */
  readonly extra?: Budget;
  /** How many models were passed over for cheaper ones. */
  readonly cheaper?: number;
  /** Input tokens that the next call is expected to need. */
  readonly expected: number;
}

/** What is known of the tool of a call that is made. */
export interface ExecutableCall {
  readonly effect: EffectKind;
  /** A repetition under the same key changes nothing. */
  readonly idempotent: boolean;
  /** It comes from the toolbelt. */
  readonly belt: boolean;
}

/**
 * A call as it was parsed. `run`: made at once. `guarded`: made by an actor of its own, after approval if `ask`. `refused`: not made, and the model is told why.
 * `settled`: nothing has to be done, and its result is known.
 */
export type ParsedCall = ToolCall & { readonly hash: string } & (
    | ({ readonly how: 'run'; readonly tier: ToolTier } & ExecutableCall)
    | ({
        readonly how: 'guarded';
        /** Whether a person must approve it. */
        readonly ask: boolean;
        /** How long a person has to answer, in milliseconds. */
        readonly patience: number;
        readonly tier: ToolTier;
        /** The agent or team whose work the call is. */
        readonly delegate?: Omit<Delegation, 'depth'>;
      } & ExecutableCall)
    | { readonly how: 'refused'; readonly why: string }
    | { readonly how: 'settled'; readonly content: string }
  );

/** A model's answer after it was parsed against the tools and replies on offer. */
export interface ParsedAnswer {
  readonly text: string;
  readonly calls: readonly ParsedCall[];
  readonly usage: Usage;
  /** `provider:model`, as it answered. */
  readonly model: string;
  /** What the answer is: final, calls of tools, not usable, or a refusal. */
  readonly means:
    | { readonly kind: 'answer'; readonly answer: AgentAnswer }
    | { readonly kind: 'calls' }
    | { readonly kind: 'unusable'; readonly problem: string }
    | { readonly kind: 'refusal'; readonly says: string };
  /** The tier that the model asked for. */
  readonly wants?: ToolTier;
}

/** The input of `runTool`. What kind of call it is was decided when the answer was parsed, so a restart decides nothing anew. */
export interface ToolRequest extends ExecutableCall {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
  /** Of the name and the arguments. */
  readonly hash: string;
}
/** The output of `runTool`. */
export interface ToolAnswer {
  /** What the model is shown. */
  readonly content: string;
}
/** How a call ended. */
export type ToolOutcome =
  | { readonly ok: true; readonly content: string; readonly usage?: AgentUsage }
  /** `usage`: what a delegate used. */
  | { readonly ok: false; readonly content: string; readonly failure: Failure; readonly usage?: AgentUsage };

/** The output of `discover`. */
export interface DiscoveryOutput {
  /** How many tools there are. */
  readonly tools: number;
  readonly epoch: number;
  /** Required capabilities that no tool has. */
  readonly missing: readonly string[];
  /** What is wrong with the list of tools, in words for people. */
  readonly problems: readonly string[];
}
/** The input of the effects of a toolbelt. */
export interface ToolbeltInput {
  /** The epoch of the tools so far. */
  readonly epoch: number;
  /** The type of the message that is the task. */
  readonly message: string;
}
/** The output of `listToolbelt`. */
export interface ToolbeltListing {
  /** How many tools the toolbelt has. */
  readonly tools: number;
  readonly epoch: number;
  /** Required capabilities that no tool has, those of the toolbelt included. */
  readonly missing: readonly string[];
  /** Names that the agent's own tools have already. */
  readonly conflicts: readonly string[];
}

/** One step of a plan. */
export interface PlanStep {
  readonly id: string;
  readonly goal: string;
  /** The ids of the steps that come before it. */
  readonly dependsOn: readonly string[];
  readonly tool?: string | undefined;
  /** The result that it should have. */
  readonly expected: string;
  /** How to check that. */
  readonly verification: string;
}
/** What an effect that asks the model has used. */
export interface ModelBill {
  readonly usage: Usage;
  /** How many answers that were; 1 by default. */
  readonly answers?: number;
}
/** The output of `plan`. */
export interface PlanOutput extends ModelBill {
  readonly steps: readonly PlanStep[];
  readonly model: string;
}
/** The output of `analyze`. */
export interface AnalysisOutput extends ModelBill {
  readonly objective: string;
  readonly requirements: readonly string[];
  readonly risks: readonly string[];
  readonly model: string;
}
/** The output of `verify`: whether each objective was met. */
export interface VerificationOutput {
  readonly evidence: readonly Evidence[];
}
/** The output of `fallback`. */
export interface FallbackOutput {
  /** The resource that is used from now on, in words. */
  readonly resource: string;
}
/** The input of `fallback`. */
export interface FallbackInput {
  readonly failure: Failure;
  readonly phase: Phase;
  /** The type of the message that is the task. */
  readonly message: string;
  /** How many fallbacks were used, this one included. */
  readonly fallbacks: number;
}
