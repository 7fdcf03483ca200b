/** What an agent takes, what it answers, what it may use up, and how one is defined. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { Failure } from '../values/failure.ts';
import type { Id } from '../values/ids.ts';
import type { InputPolicy } from './input.ts';
import { Artifact, MediaPart } from './media.ts';
import type { Json, JsonObject } from '../values/json.ts';
import type { Message, ModelChoice, ToolInfo } from './model.ts';

/** Signals to a running agent, from a person or from its run. */
export const AgentSignal = z.discriminatedUnion('type', [
  /** Ends the task; what the agent had answered is partial. */
  z.object({ type: z.literal('agent.cancel'), reason: z.string() }),
  /** Holds the task before a model is asked again; nothing is interrupted. */
  z.object({ type: z.literal('agent.pause') }),
  /** Goes on after a pause. */
  z.object({ type: z.literal('agent.resume') }),
  /** Shown to the model before its next turn. */
  z.object({ type: z.literal('agent.input'), text: z.string().min(1) }),
]);
export type AgentSignal = z.infer<typeof AgentSignal>;

const count = z.number().int().nonnegative();

/** Hard limits; what is not given is not limited. At the share `softShare` of a limit the agent is told to finish. */
export const Budget = z.strictObject({
  /** How often a model may be asked: its answers, and attempts at one that failed; no limit by default. */
  steps: count.optional(),
  /** Tokens that models read and write, together; no limit by default. */
  tokens: count.optional(),
  /** The price in US dollars; no limit by default. */
  usd: z.number().nonnegative().optional(),
  /** How many calls of tools may be made; no limit by default. */
  toolCalls: count.optional(),
});
export type Budget = z.infer<typeof Budget>;

/** What was used up. `usd` is null as soon as the price of one answer was not known. */
export const AgentUsage = z.object({
  /** How often a model was asked: its answers, and attempts at one that failed. */
  steps: count,
  /** What the models read, in tokens; those from a cache included. */
  inputTokens: z.number(),
  /** What the models wrote, in tokens. */
  outputTokens: z.number(),
  /** Input tokens that came from the provider's cache. */
  cachedTokens: z.number(),
  /** How many calls of tools were made. */
  toolCalls: count,
  /** The price in US dollars; null when it is not known. */
  usd: z.number().nullable(),
});
export type AgentUsage = z.infer<typeof AgentUsage>;

/** One task: a message of a protocol, or `{ type: 'task', body: 'text' }`. */
export const AgentInput = z.object({
  type: z.string().min(1),
  body: anyJson(),
  /** Images, audio and files beside the message; none by default. */
  parts: z.array(MediaPart).exactOptional(),
  /** The same with their bytes, as versions before this one stored them. */
  artifacts: z.array(Artifact).optional(),
  /** The budget that is left for this task, when that is less than the agent's own. */
  allowance: Budget.optional(),
  /** How many agents and teams have passed the work on already. */
  depth: count.optional(),
  /** The name of the budget lease (contracts/treasury.ts) under which the parent can be asked for more than `allowance`. */
  lease: z.string().optional(),
  /** When `allowance` runs short, the agent goes on with cheaper models. */
  degrade: z.literal(true).optional(),
});
export type AgentInput = z.infer<typeof AgentInput>;

/** What an agent answers with: a message, or `{ type: 'text', body: 'the text' }` when it has no replies to choose from. */
export const AgentAnswer = z.object({
  /** The name of one of its replies, or `text`. */
  type: z.string(),
  /** What the message says; of a `text`, the text. */
  body: anyJson(),
  /** Images, audio and files that belong to it: those that tools, other agents and the model made; none by default. */
  parts: z.array(MediaPart).exactOptional(),
});
export type AgentAnswer = z.infer<typeof AgentAnswer>;

/** Whether an objective was met, and the reason. */
export const Evidence = z.object({
  /** The id of the objective. */
  objective: z.string(),
  /** True when it was met. */
  met: z.boolean(),
  /** Why it was met or not. */
  says: z.string(),
});
export type Evidence = z.infer<typeof Evidence>;

/** The nine phases of a task, and `errorHandling`, which may come between them. */
export const phases = [
  'initiation',
  'requirements',
  'discovery',
  'planning',
  'execution',
  'transition',
  'toolbelt',
  'verification',
  'errorHandling',
  'cleanup',
] as const;
/** One phase of a task: a state of the agent's chart. */
export type Phase = (typeof phases)[number];

/** How an agent ended. A partial result is the last thing it said or answered before it failed or was stopped. */
export const AgentOutput = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('completed'),
    /** The message that it ended with. */
    answer: AgentAnswer,
    /** The checks of its objectives. */
    evidence: z.array(Evidence),
    /** What it used up. */
    usage: AgentUsage,
  }),
  z.object({
    status: z.literal('failed'),
    /** Why it failed. */
    failure: Failure,
    /** In which phase it failed. */
    phase: z.enum(phases),
    /** What there was of an answer. */
    partial: AgentAnswer.optional(),
    /** The checks of its objectives. */
    evidence: z.array(Evidence),
    /** What it used up. */
    usage: AgentUsage,
  }),
  z.object({
    status: z.literal('cancelled'),
    /** The reason that was given. */
    reason: z.string(),
    /** What there was of an answer. */
    partial: AgentAnswer.optional(),
    /** What it used up. */
    usage: AgentUsage,
  }),
]);
export type AgentOutput = z.infer<typeof AgentOutput>;

const ms = z.number().int().positive();
const atLeastOne = z.number().int().positive();

/** Bounds of an agent's behaviour. The defaults are in `defaultAgentLimits`. Times are milliseconds. */
export const AgentLimits = z.strictObject({
  /** The whole task, waits for people included. */
  deadline: ms,
  /** One phase other than execution. */
  phaseTimeout: ms,
  /** How long cleanup may delay the end. */
  cleanupGrace: ms,
  /** How long a person has to approve a call; after that it is denied. */
  approvalDeadline: ms,
  /** At this share of a budget the agent is told to finish. */
  softShare: z.number().gt(0).max(1),
  /** How many calls of one answer are made; the rest is refused. */
  maxCallsPerTurn: atLeastOne,
  /** How many answers in a row may be unusable. */
  maxRequeries: count,
  /** How many recoveries in a row by trying again, by another approach, by another resource. */
  maxRetries: count,
  /** Recoveries in a row by another approach. */
  maxAlternatives: count,
  /** Recoveries in a row by another resource. */
  maxFallbacks: count,
  /** How many recoveries of any kind in one task: the limits above multiply, this one does not. */
  maxRecoveries: count,
  /** How many answers may fail verification and be tried again. */
  maxVerifyRounds: count,
  /** How many tool calls in a row may fail before another approach is asked for. */
  maxToolFailures: atLeastOne,
  /** The same call this often among the last twenty is a loop. */
  maxRepeats: atLeastOne,
  /** The first pause before trying again; it doubles up to `maxBackoff`. */
  backoff: ms,
  /** The longest pause before trying again; milliseconds. */
  maxBackoff: ms,
  /** Steps between two checks whether the tools offered are the right ones. */
  evalEvery: atLeastOne,
  /** Steps without use of a tier's own tools before the tier is left. */
  demoteAfter: atLeastOne,
  /** Steps before a toolbelt that failed is tried again. */
  toolbeltPause: atLeastOne,
  /** May a model whose price is unknown be used under a budget in US dollars? */
  allowUnknownPrice: z.boolean(),
});
export type AgentLimits = Readonly<z.infer<typeof AgentLimits>>;

/** A message an agent may answer with. */
export interface ReplyContract {
  /** What the reply is for, for the model. */
  readonly description?: string;
  /** JSON Schema of the body: what the model is shown. */
  readonly schema: JsonObject;
  /** The body as it will be sent. Throws with a message that tells a model what to correct. */
  parse(body: unknown): Json;
}

/** What a check is given to judge an answer by. */
export interface ObjectiveInput {
  /** The answer to judge. */
  readonly answer: AgentAnswer;
  /** The conversation so far. */
  readonly transcript: readonly Message[];
  /** Fires when the check must stop. */
  readonly signal: AbortSignal;
}

/** Something that must be true of an answer before a task counts as completed. */
export interface Objective {
  /** Its id, in evidence and messages. */
  readonly id: Id;
  /** The objective in words a model understands. */
  readonly says: string;
  /** Judges an answer. */
  check(judged: ObjectiveInput): Promise<Omit<Evidence, 'objective'>> | Omit<Evidence, 'objective'>;
}

/** A call as an approval policy sees it. */
export interface ApprovalRequest {
  /** The tool that the model wants to call. */
  readonly tool: ToolInfo;
  /** The arguments that the model gave. */
  readonly input: Json;
}

/** How an agent is defined, beside the tools and the gateway that its actor is given. */
export interface AgentDefinition {
  /** Names the agent; its actors' addresses contain it. */
  readonly name: Id;
  /** The system prompt. */
  readonly instructions: string;
  /** The model that answers. */
  readonly model: ModelChoice;
  /** Models that take over, in order, when the model fails in a way that trying again does not solve; none by default. */
  readonly fallbacks?: readonly ModelChoice[];
  /** The messages it may answer with; without any, its last text is the answer. */
  readonly replies?: Readonly<Record<string, ReplyContract>>;
  /** Conditions that an answer must meet; none by default. */
  readonly objectives?: readonly Objective[];
  /** Which calls need a person's approval, beside tools that require it themselves; none by default. */
  readonly approve?: 'writes' | 'all' | ((call: ApprovalRequest) => boolean);
  /** `model`: a model call of its own analyses the requirements first. Default `none`. */
  readonly analysis?: 'none' | 'model';
  /** `model`: a model plans first; `none` by default. */
  readonly planning?: 'none' | 'model';
  /** Capabilities that some tool must have; none by default. */
  readonly requires?: readonly string[];
  /** What one task may use up; 50 model answers by default. */
  readonly budget?: Budget;
  /** What happens when the budget has no room for another step; default `fail`. */
  readonly onExhausted?: 'fail' | 'ask' | 'degrade';
  /** Bounds of its behaviour; the defaults are in `defaultAgentLimits`. */
  readonly limits?: Partial<AgentLimits>;
  /** What happens to input that comes while it is working; default `merge`. */
  readonly onInput?: InputPolicy;
  /** The most tokens of one answer; the limit of the model by default. */
  readonly maxOutputTokens?: number;
  /** The sampling temperature; the model's own by default. */
  readonly temperature?: number;
  /** How many characters of transcript the model is shown; beyond it the oldest tool results are left out. Default 400,000. */
  readonly maxHistory?: number;
}
