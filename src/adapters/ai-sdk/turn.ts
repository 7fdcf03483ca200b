/** One turn of an agent of the AI SDK, and its result as plain data. */
import type * as AiSdk from 'ai';

/** What a turn comes to. */
export interface AiSdkTurn {
  /** What the model has said last. */
  readonly text: string;
  /** The value that `settings.output` describes; absent without one. */
  readonly output?: unknown;
  /** Why the model has stopped. */
  readonly finishReason: string;
  /** The tokens of all calls of the model. */
  readonly usage: {
    /** What the models were asked. */
    readonly inputTokens?: number;
    /** What they have answered. */
    readonly outputTokens?: number;
    /** Both. */
    readonly totalTokens?: number;
  };
  /** How often the model was called. */
  readonly steps: number;
  /** What the agent has added to the conversation. */
  readonly messages: readonly AiSdk.ModelMessage[];
  /** Tools that were not called because a person must approve them first; none once the agent has ended. */
  readonly approvals: readonly {
    /** The id of the request, which the answer repeats. */
    readonly approvalId: string;
    /** The name of the tool. */
    readonly tool: string;
    /** The id that the model gave the call. */
    readonly callId: string;
    /** Its arguments. */
    readonly input: unknown;
  }[];
}

type Settings = Parameters<typeof AiSdk.generateText>[0];

/** What `generateText` takes beside its model, its tools and its messages. */
export type AiSdkTurnSettings = Partial<
  Omit<Settings, 'model' | 'tools' | 'prompt' | 'messages' | 'abortSignal' | `experimental_${string}`>
>;

/** Both kinds of results, of which a streamed one has promises. */
interface Ended {
  readonly text: string | PromiseLike<string>;
  readonly finishReason: string | PromiseLike<string>;
  readonly totalUsage: AiSdk.LanguageModelUsage | PromiseLike<AiSdk.LanguageModelUsage>;
  readonly steps: readonly unknown[] | PromiseLike<readonly unknown[]>;
  readonly content: readonly object[] | PromiseLike<readonly object[]>;
  readonly responseMessages: readonly AiSdk.ModelMessage[] | PromiseLike<readonly AiSdk.ModelMessage[]>;
}

/** Performs a turn; streamed when somebody is told of its parts. */
export async function performTurn(
  { generateText, streamText }: typeof AiSdk,
  settings: Settings,
  onPart?: (part: AiSdk.TextStreamPart<AiSdk.ToolSet>) => void,
): Promise<AiSdkTurn> {
  if (!onPart) {
    const result = await generateText(settings);
    return plain(result, settings.output ? result.output : undefined);
  }
  const failed: { error?: unknown } = {};
  // The settings of the two differ in callbacks that this adapter does not give.
  const result = streamText({
    ...(settings as Parameters<typeof streamText>[0]),
    onError: ({ error }) => void (failed.error ??= error),
  });
  for await (const part of result.fullStream) onPart(part);
  if (failed.error !== undefined) throw failed.error;
  return plain(result, settings.output ? await result.output : undefined);
}

async function plain(result: Ended, output: unknown): Promise<AiSdkTurn> {
  const { inputTokens, outputTokens, totalTokens } = await result.totalUsage;
  return {
    text: await result.text,
    ...(output === undefined ? {} : { output }),
    finishReason: await result.finishReason,
    usage: {
      ...(inputTokens === undefined ? {} : { inputTokens }),
      ...(outputTokens === undefined ? {} : { outputTokens }),
      ...(totalTokens === undefined ? {} : { totalTokens }),
    },
    steps: (await result.steps).length,
    messages: await result.responseMessages,
    approvals: (await result.content).flatMap(approvalIn),
  };
}

function approvalIn(part: object): AiSdkTurn['approvals'] {
  if (!('type' in part) || part.type !== 'tool-approval-request') return [];
  // What the AI SDK puts into such a part.
  const { approvalId, isAutomatic, toolCall } = part as AiSdk.ToolApprovalRequestOutput<AiSdk.ToolSet>;
  if (isAutomatic) return [];
  return [{ approvalId, tool: toolCall.toolName, callId: toolCall.toolCallId, input: toolCall.input }];
}
