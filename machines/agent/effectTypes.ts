/** The inputs and outputs of an agent's effects: what the model's answer means, and how each call ended. */
import type { AgentAnswer, AgentUsage, Budget, Evidence, Phase } from '../../src/contracts/agent.ts';
import type { EffectKind } from '../../src/contracts/effect.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { Artifact, MediaPart } from '../../src/contracts/media.ts';
import type { Delegation } from '../member.ts';
import type { FailedAttempts, ProviderContent, ToolCall, ToolTier, Usage } from '../../src/contracts/model.ts';

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
  /** What the task has used so far. */
  readonly used: AgentUsage;
  /** What is left for the task where that is less than the agent's own budget. */
  readonly allowance?: Budget;
  /** What a person granted beyond the agent's own budget. */
  readonly extra?: Budget;
  /** How many models were passed over for cheaper ones. */
  readonly cheaper?: number;
  /** Input tokens that the next call is expected to need. */
  readonly expected: number;
  /**
   * `measure`: if the call may cost more than is left, it is not made, and the output says what it can cost. `measure-only-known`: the same, but
   * a cost that is not known counts as too much. `limit`: it is made, and its answer is limited to what is left.
   */
  readonly reserve?: 'measure' | 'measure-only-known' | 'limit';
  /** What was said to the agent since the latest answer, to be judged by guardrails. */
  readonly heard?: readonly string[];
}

/** What is known of the tool of a call that is made. */
export interface ExecutableCall {
  /** What the tool does outside: `pure`, `read` or `write`. */
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
export type ParsedCall = ToolCall & {
  /** SHA-256 of the tool's name and its arguments, as base64url: an approval is bound to it, and equal hashes show a loop. */
  readonly hash: string;
} & (
    | ({
        readonly how: 'run';
        /** When an agent offers this tool to its model. */
        readonly tier: ToolTier;
      } & ExecutableCall)
    | ({
        readonly how: 'guarded';
        /** Whether a person must approve it. */
        readonly ask: boolean;
        /** How long a person has to answer, in milliseconds. */
        readonly patience: number;
        /** When an agent offers this tool to its model. */
        readonly tier: ToolTier;
        /** The agent or team whose work the call is. */
        readonly delegate?: Omit<Delegation, 'depth'>;
      } & ExecutableCall)
    | {
        readonly how: 'refused';
        /** Why the call is not made, in words that the model is shown. */
        readonly why: string;
      }
    | {
        readonly how: 'settled';
        /** The result that the model is shown. */
        readonly content: string;
      }
  );

/** What a definition said when a model was asked: by it one sees later that the definition is another one. */
export interface DefinitionFacts {
  /** The hash of the instructions, 16 hexadecimal digits. */
  readonly instructions: string;
  /** The ids of the models, the preferred one first, and of those to fall back on. */
  readonly models: readonly string[];
}

/** A model's answer after it was parsed against the tools and replies on offer. */
export interface ParsedAnswer {
  /** What the model wrote beside its calls; empty when it wrote nothing. */
  readonly text: string;
  /** The tool calls of the answer in the model's order, and what is done with each. */
  readonly calls: readonly ParsedCall[];
  /** The tokens and the price of this answer. */
  readonly usage: Usage;
  /** What failed attempts at this answer used beside it; absent when there were none. */
  readonly failed?: FailedAttempts;
  /** `provider:model`, as it answered. */
  readonly model: string;
  /** What the agent's definition said when the model was asked; absent in what earlier versions stored. */
  readonly definition?: DefinitionFacts;
  /** What the provider wants back with this answer, unchanged; nothing by default. */
  readonly provider?: ProviderContent;
  /** Images, audio and files that the model made; none by default. */
  readonly artifacts?: readonly Artifact[];
  /** What the answer is: final, calls of tools, not usable, or a refusal. */
  readonly means:
    | {
        readonly kind: 'answer';
        /** The message that the agent answers with, checked against the schema of its reply. */
        readonly answer: AgentAnswer;
      }
    | { readonly kind: 'calls' }
    | {
        readonly kind: 'unusable';
        /** What is wrong with the answer, in words that the model is shown. */
        readonly problem: string;
      }
    | {
        /** The call was not made: more must be reserved for it first. */
        readonly kind: 'short';
        /** The most that it can cost, as far as that is known. */
        readonly most: Budget;
        /** What it costs with the shortest answer of use. */
        readonly least: Budget;
      }
    | {
        readonly kind: 'refusal';
        /** The text of the refusal. */
        readonly says: string;
      };
  /** The tier that the model asked for. */
  readonly wants?: ToolTier;
}

/** The input of `runTool`. What kind of call it is was decided when the answer was parsed, so a restart decides nothing anew. */
export interface ToolRequest extends ExecutableCall {
  /** The id that the call has in the conversation with the model. */
  readonly id: string;
  /** Which tool is called. */
  readonly name: string;
  /** The arguments that the model gave. */
  readonly input: Json;
  /** SHA-256 of the tool's name and its arguments, as base64url. */
  readonly hash: string;
  /** The key of the first attempt at a write that is looked up or made again; absent for a first attempt, which has the key of its effect. */
  readonly key?: string;
}
/** The output of `runTool`. */
export interface ToolAnswer {
  /** What the model is shown. */
  readonly content: string;
  /** Images, audio and files that it is shown beside it; none by default. */
  readonly artifacts?: readonly Artifact[];
}
/** How a call ended. */
export type ToolOutcome =
  | {
      readonly ok: true;
      /** The tool's result, as the model is shown it. */
      readonly content: string;
      /** Images, audio and files of the result; none by default. */
      readonly artifacts?: readonly Artifact[];
      /** Those that a delegate gave, which other actors of the run hold; none by default. */
      readonly parts?: readonly MediaPart[];
      /** What the delegate used; absent for the call of a tool. */
      readonly usage?: AgentUsage;
    }
  | {
      readonly ok: false;
      /** What went wrong, as the model is shown it. */
      readonly content: string;
      /** Why the call failed. */
      readonly failure: Failure;
      /** What the delegate used; absent for the call of a tool. */
      readonly usage?: AgentUsage;
    };

/** The output of `discover`. */
export interface DiscoveryOutput {
  /** How many tools there are. */
  readonly tools: number;
  /** The version of the tool catalog, which rises when the list of tools changes; 0 without a catalog. */
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
  /** The version of the tools with this toolbelt: one more than before it was activated. */
  readonly epoch: number;
  /** Required capabilities that no tool has, those of the toolbelt included. */
  readonly missing: readonly string[];
  /** Names that the agent's own tools have already. */
  readonly conflicts: readonly string[];
}

/** One step of a plan. */
export interface PlanStep {
  /** Names the step within its plan; `dependsOn` refers to it. */
  readonly id: string;
  /** What the step is to achieve. */
  readonly goal: string;
  /** The ids of the steps that come before it. */
  readonly dependsOn: readonly string[];
  /** The name of the tool that the step uses; absent when it uses none. */
  readonly tool?: string | undefined;
  /** The result that it should have. */
  readonly expected: string;
  /** How to check that. */
  readonly verification: string;
}
/** What an effect that asks the model has used. */
export interface ModelBill {
  /** The tokens and the price of all its answers together. */
  readonly usage: Usage;
  /** How many answers that were; 1 by default. */
  readonly answers?: number;
}
/** The output of `plan`. */
export interface PlanOutput extends ModelBill {
  /** The plan: 1 to 50 steps. */
  readonly steps: readonly PlanStep[];
  /** The model that answered, as `provider:model`. */
  readonly model: string;
}
/** The output of `analyze`. */
export interface AnalysisOutput extends ModelBill {
  /** What the task is to achieve, in the model's words. */
  readonly objective: string;
  /** What the task requires, one sentence each. */
  readonly requirements: readonly string[];
  /** What could go wrong, one sentence each. */
  readonly risks: readonly string[];
  /** The model that answered, as `provider:model`. */
  readonly model: string;
}
/** The output of `verify`: whether each objective was met. */
export interface VerificationOutput {
  /** One entry for each objective of the definition, in the same order. */
  readonly evidence: readonly Evidence[];
}
/** The output of `fallback`. */
export interface FallbackOutput {
  /** The resource that is used from now on, in words. */
  readonly resource: string;
}
/** The input of `fallback`. */
export interface FallbackInput {
  /** The failure that led to the fallback. */
  readonly failure: Failure;
  /** The phase in which the agent failed. */
  readonly phase: Phase;
  /** The type of the message that is the task. */
  readonly message: string;
  /** How many fallbacks were used, this one included. */
  readonly fallbacks: number;
}
