/** The one format in which agents and models talk, whatever the provider. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import type { EffectKind } from './effect.ts';
import { MediaPart } from './media.ts';
import type { Json, JsonObject } from '../values/json.ts';

/** A call of a tool that a model asks for. */
export const ToolCall = z.object({
  /** Its id in the conversation. */
  id: z.string(),
  /** The name of the tool. */
  name: z.string(),
  /** Parsed arguments; `unreadable` instead when the model did not write JSON. */
  input: anyJson(),
  /** What the model wrote, when that is not JSON. */
  unreadable: z.string().optional(),
  /** Numbers in the arguments that would have lost digits, as the model wrote them; in `input` they are texts. Such a call is not made. */
  inexact: z.array(z.string()).optional(),
});
export type ToolCall = z.infer<typeof ToolCall>;

/** What came of a call. */
export const ToolResult = z.object({
  /** The id of the call. */
  id: z.string(),
  /** The name of the tool. */
  name: z.string(),
  /** False when the call failed. */
  ok: z.boolean(),
  /** What the model is shown. */
  content: z.string(),
  /** Images, audio and files that the model is shown beside it; none by default. */
  parts: z.array(MediaPart).optional(),
});
export type ToolResult = z.infer<typeof ToolResult>;

/**
 * What a provider wants to be given back with an answer, unchanged: its reasoning, signatures and ids of items. It means nothing to any other
 * provider or model.
 */
export const ProviderContent = z.object({
  /** `provider:model`, as it answered: it is given back to no other. */
  model: z.string(),
  /** The parts of the answer in their order. `metadata` is the provider's own. */
  parts: z.array(
    z.discriminatedUnion('type', [
      z.object({
        type: z.literal('reasoning'),
        /** What the model thought; empty when only the provider can read it. */
        text: z.string(),
        /** The provider's own facts about this part, such as a signature. */
        metadata: anyJson().optional(),
      }),
      z.object({
        type: z.literal('text'),
        /** So many characters of the answer's text. */
        length: z.number(),
        /** The provider's own facts about this part. */
        metadata: anyJson().optional(),
      }),
      z.object({
        type: z.literal('call'),
        /** Which of the answer's calls it is; 0 for the first. */
        index: z.number(),
        /** The provider's own facts about this part, such as a signature. */
        metadata: anyJson().optional(),
      }),
    ]),
  ),
  /** The details of its reasoning, of a server that gives them for the answer as a whole (`reasoning_details` of OpenRouter); none by default. */
  details: z.array(z.record(z.string(), anyJson())).optional(),
});
export type ProviderContent = z.infer<typeof ProviderContent>;

/** A message as models read it. Every call in an assistant's message is answered by the one `tool` message after it. */
export const Message = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('user'),
    /** The text. */
    text: z.string(),
    /** Images, audio and files beside the text; none by default. */
    parts: z.array(MediaPart).optional(),
  }),
  z.object({
    role: z.literal('assistant'),
    /** The text. */
    text: z.string(),
    /** The tool calls that the model made. */
    calls: z.array(ToolCall),
    /** Images, audio and files that the model made; none by default. */
    parts: z.array(MediaPart).optional(),
    /** What the provider wants back with this message; nothing by default. */
    provider: ProviderContent.optional(),
  }),
  z.object({
    role: z.literal('tool'),
    /** The results of the calls before it. */
    results: z.array(ToolResult),
  }),
]);
export type Message = z.infer<typeof Message>;

/** A tool as the model sees it. `input` is JSON Schema 2020-12. */
export interface ToolSpec {
  /** The name of the tool. */
  readonly name: string;
  /** What it does and when to use it. */
  readonly description: string;
  /** JSON Schema of its input. */
  readonly input: JsonObject;
}

/** A tool as the runtime sees it. */
export interface ToolInfo extends ToolSpec {
  /** What it does outside: `pure`, `read` or `write`. */
  readonly effect: EffectKind;
  /** When an agent offers it to its model. */
  readonly tier: ToolTier;
  /** What it can do, to be matched with what a task requires. */
  readonly capabilities: readonly string[];
  /** Must a person agree to each call? */
  readonly approval: boolean;
  /** Where it comes from: `local`, or the name of a tool server. */
  readonly source: string;
}
/** From the tools an agent always has to those it connects only when it needs them. */
export const toolTiers = ['core', 'toolchain', 'toolbelt'] as const;
/** When an agent offers a tool to its model: always, when needed, or from the toolbelt. */
export type ToolTier = (typeof toolTiers)[number];

/** Tokens as the provider counted them. `reported: false` when it did not: counts are then estimates. */
export const Usage = z.object({
  /** What the model read, in tokens; those from a cache included. */
  inputTokens: z.number().nonnegative(),
  /** What the model wrote, in tokens. */
  outputTokens: z.number().nonnegative(),
  /** Input tokens that came from the provider's cache; 0 by default. */
  cachedTokens: z.number().nonnegative().default(0),
  /** False when the counts are estimates. */
  reported: z.boolean(),
  /** The price in US dollars; null when the price of the model is not known. */
  usd: z.number().nonnegative().nullable(),
});
export type Usage = z.infer<typeof Usage>;

/** Attempts at an answer that failed or broke off. They cost as well. */
export const FailedAttempts = z.object({
  /** How many there were. */
  answers: z.number().int().nonnegative(),
  /** What they used, all together; estimated where it was not reported. */
  usage: Usage,
});
export type FailedAttempts = z.infer<typeof FailedAttempts>;

/** Why a model stopped: it was done, it calls tools, it ran out of tokens, it refused, or something else. */
export const FinishReason = z.enum(['stop', 'calls', 'length', 'refused', 'other']);
export type FinishReason = z.infer<typeof FinishReason>;

/** What a model is asked. */
export interface ModelRequest {
  /** The system prompt. */
  readonly instructions: string;
  /** The conversation so far. */
  readonly messages: readonly Message[];
  /** The tools that the model may call. */
  readonly tools: readonly ToolSpec[];
  /** The most tokens of the answer; the limit of the model by default. */
  readonly maxOutputTokens?: number;
  /** The sampling temperature; the model's own by default. */
  readonly temperature?: number;
  /** The bytes of an artifact that a message refers to, in base64; undefined when it is not known. No artifacts by default. */
  readonly artifact?: (artifact: string) => string | undefined;
}

/** A part of a streamed answer. A stream that ends without `finish` was cut. */
export const ModelPart = z.discriminatedUnion('type', [
  /** A piece of the answer's text. */
  z.object({
    type: z.literal('text'),
    /** What to append to the text so far. */
    text: z.string(),
  }),
  /** A piece of the model's reasoning, which is no part of the answer. */
  z.object({
    type: z.literal('reasoning'),
    /** What to append to the reasoning so far. */
    text: z.string(),
  }),
  /** A call of a tool, whole. Some providers leave the id out; it gets one when the answer is read. */
  z.object({
    type: z.literal('call'),
    /** The tool and its arguments. */
    call: ToolCall.extend({
      /** The id of the call; empty when the provider gave none. */
      id: z.string().default(''),
    }),
  }),
  /** An image, audio or a file that the model made, whole. */
  z.object({
    type: z.literal('media'),
    /** Its media type, such as `image/png`. */
    mediaType: z.string(),
    /** Its bytes, in base64. */
    data: z.string(),
  }),
  /** The end of the answer. */
  z.object({
    type: z.literal('finish'),
    /** Why the model stopped. */
    reason: FinishReason,
    /** The same in the provider's own word, such as `SAFETY`; absent when it gave none. */
    rawReason: z.string().optional(),
    /** The tokens of the whole answer. */
    usage: Usage,
    /** `provider:model`, as it answered. */
    model: z.string(),
    /** What the provider wants back with this answer; nothing by default. */
    provider: ProviderContent.optional(),
  }),
]);
export type ModelPart = z.infer<typeof ModelPart>;

/** A whole answer, collected from the parts. */
export const ModelAnswer = z.object({
  /** The whole text; empty when it only calls tools. */
  text: z.string(),
  /** The calls of tools that it asks for, in their order. */
  calls: z.array(ToolCall),
  /** Why the model stopped. */
  reason: FinishReason,
  /** The same in the provider's own word, such as `SAFETY`; absent when it gave none. */
  rawReason: z.string().optional(),
  /** The tokens of the whole answer. */
  usage: Usage,
  /** `provider:model`, as it answered. */
  model: z.string(),
  /** What the provider wants back with this answer; nothing by default. */
  provider: ProviderContent.optional(),
  /** Images, audio and files that the model made; none by default. */
  media: z
    .array(
      z.object({
        /** Its media type, such as `image/png`. */
        mediaType: z.string(),
        /** Its bytes, in base64. */
        data: z.string(),
      }),
    )
    .optional(),
  /** What failed attempts at this answer used, beside `usage`; absent when there were none. */
  failed: FailedAttempts.optional(),
});
export type ModelAnswer = z.infer<typeof ModelAnswer>;

/** What a model is given beside the request. */
export interface ModelScope {
  /** The idempotency key of the call. */
  readonly key: string;
  /** Fires when the call must stop. */
  readonly signal: AbortSignal;
  /** Whose call it is, for a gateway that counts by runs and steps; nobody's by default. */
  readonly about?: {
    /** The id of the run. */
    readonly run: string;
    /** The id of the step in its workflow. */
    readonly step: string;
  };
  /** When it must have answered; milliseconds since the epoch, undefined for no limit. */
  readonly deadline: number | undefined;
  /** What the call may cost, in US dollars, for a gateway of another process: here the caller compares the estimate itself. No limit when undefined. */
  readonly budgetUsd?: number | undefined;
  /** Shown to observers; not stored. */
  readonly progress?: (note: Json) => void;
}

/** A model. `id` is `provider:model`. Throws TroupeError of kind transient, timeout, auth, model, format or invalid. */
export interface Model {
  /** `provider:model`. */
  readonly id: string;
  /** The most tokens of one answer, where that is known: the members of a team reserve its cost before they ask. Not known by default. */
  readonly maxOutputTokens?: number;
  /** Streams one answer, ending with `finish`. */
  stream(request: ModelRequest, scope: ModelScope): AsyncIterable<ModelPart>;
}

/** What one call of a model can use. */
export interface CallEstimate {
  /** The tokens of the request, measured. */
  readonly inputTokens: number;
  /** The most tokens of the answer; undefined while nobody has said. */
  readonly maxOutputTokens: number | undefined;
  /** US dollars per million tokens; undefined when the price is not known. */
  readonly price:
    | {
        /** Of what the model reads. */
        readonly input: number;
        /** Of what the model writes. */
        readonly output: number;
      }
    | undefined;
}

/** How an agent names its model: `provider:model`, a group's name, a model object, or several in order of preference. */
export type ModelChoice = string | Model | readonly (string | Model)[];
