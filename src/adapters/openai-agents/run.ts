/** One run of OpenAI Agents, and its result as plain data. */
import type * as Sdk from '@openai/agents-core';
import type { RunResult, RunStreamEvent, RunToolApprovalItem, StreamedRunResult } from '@openai/agents-core';
import { TroupeError } from '../../values/failure.ts';
import type { AnyOpenAiAgent } from './anyAgent.ts';

/** A tool that was not called because a person must approve it first. */
export interface OpenAiInterruption {
  /** Its place among those of the run; the first is 0. */
  readonly index: number;
  /** The name of the tool. */
  readonly tool: string;
  /** The id that the model gave the call. */
  readonly callId?: string;
  /** The arguments of the model, as JSON. */
  readonly arguments?: string;
}

/** What a run comes to. */
export interface OpenAiRun {
  /** Has it ended, or does it wait for approvals? */
  readonly status: 'completed' | 'interrupted';
  /** What the agent has said last, or the value of its output type; undefined when it was interrupted. */
  readonly finalOutput?: unknown;
  /** Which agent has ended it. */
  readonly lastAgent?: string;
  /** What must be approved; none when it is completed. */
  readonly interruptions: readonly OpenAiInterruption[];
  /** The state from which an interrupted run goes on, as the SDK writes it. */
  readonly pendingState?: string;
  /** The calls of models, and their tokens. */
  readonly usage: {
    /** How often a model was called. */
    readonly requests: number;
    /** What the models were asked. */
    readonly inputTokens: number;
    /** What they have answered. */
    readonly outputTokens: number;
    /** Both. */
    readonly totalTokens: number;
  };
}

/** How a run that was interrupted goes on. */
export interface OpenAiResume {
  /** The state of the run that was interrupted. */
  readonly pendingState: string;
  /** What was decided about its interruptions; those that are missing stay open. */
  readonly decisions: readonly {
    /** Which interruption. */
    readonly index: number;
    /** May the tool be called? */
    readonly approved: boolean;
    /** Why not, for the model. */
    readonly reason?: string;
  }[];
}

/** What a run is performed with. */
export interface OpenAiRunParts {
  readonly sdk: typeof Sdk;
  readonly runner: Sdk.Runner;
  readonly agent: AnyOpenAiAgent;
  readonly input: string | Sdk.AgentInputItem[] | OpenAiResume;
  readonly options: { readonly context?: unknown; readonly maxTurns?: number; readonly signal?: AbortSignal };
  readonly onEvent?: ((event: RunStreamEvent) => void) | undefined;
}

/** Performs a run; streamed when somebody is told of its events. */
export async function performRun({ sdk, runner, agent, input, options, onEvent }: OpenAiRunParts): Promise<OpenAiRun> {
  const given =
    typeof input === 'string' || Array.isArray(input) ? input : await resumedState(sdk, agent, input as OpenAiResume);
  if (!onEvent) return plain(await runner.run(agent, given, options));
  const streamed = await runner.run(agent, given, { ...options, stream: true });
  for await (const event of streamed) onEvent(event);
  await streamed.completed;
  return plain(streamed);
}

async function resumedState(sdk: typeof Sdk, agent: AnyOpenAiAgent, { pendingState, decisions }: OpenAiResume) {
  const state = await sdk.RunState.fromString(agent, pendingState);
  const interruptions = state.getInterruptions();
  for (const { index, approved, reason } of decisions) {
    const item = interruptions[index];
    if (!item)
      throw new TroupeError(
        'invalid',
        `This run has ${interruptions.length} interruptions, and there is a decision about number ${index}; the first is 0.`,
      );
    if (approved) state.approve(item);
    else state.reject(item, reason === undefined ? {} : { message: reason });
  }
  return state;
}

type Ended = RunResult<unknown, AnyOpenAiAgent> | StreamedRunResult<unknown, AnyOpenAiAgent>;

function plain(result: Ended): OpenAiRun {
  const { requests, inputTokens, outputTokens, totalTokens } = result.runContext.usage;
  const interruptions = result.interruptions.map(interruptionOf);
  const isInterrupted = interruptions.length > 0;
  // Its type is that of the agent; the SDK complains about one that is asked for too early.
  const output = isInterrupted ? undefined : (result.finalOutput as unknown);
  return {
    status: isInterrupted ? 'interrupted' : 'completed',
    ...(output === undefined ? {} : { finalOutput: output }),
    ...(result.lastAgent ? { lastAgent: result.lastAgent.name } : {}),
    interruptions,
    ...(isInterrupted ? { pendingState: result.state.toString() } : {}),
    usage: { requests, inputTokens, outputTokens, totalTokens },
  };
}

function interruptionOf(item: RunToolApprovalItem, index: number): OpenAiInterruption {
  const callId = 'callId' in item.rawItem ? item.rawItem.callId : undefined;
  return {
    index,
    tool: item.name ?? item.rawItem.type,
    ...(callId === undefined ? {} : { callId }),
    ...(item.arguments === undefined ? {} : { arguments: item.arguments }),
  };
}

/** The arguments that a model has written, which may be no JSON. */
export function argumentsIn(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return { text: json ?? '' };
  }
}
