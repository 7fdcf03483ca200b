/** An agent of OpenAI Agents that runs inside a flow: its calls, or its whole runs, are checkpoints. */
import type * as Sdk from '@openai/agents-core';
import type { AgentInputItem, RunConfig, RunStreamEvent } from '@openai/agents-core';
import type { FlowContext } from '../../flow/context.ts';
import { requireCallName } from '../../flow/checkpoint.ts';
import { TroupeError } from '../../values/failure.ts';
import { loadOptional } from '../../values/optional.ts';
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { askApproval, personToolInTurn, type ApprovalQuestion, type PersonTool } from '../personQuestion.ts';
import { recordedCall } from '../savePoint.ts';
import { requireRecording, type RecordingPolicy } from '../toolPolicy.ts';
import { inheritedConfig } from './agentTool.ts';
import { recordedModel } from './model.ts';
import type { AnyOpenAiAgent } from './anyAgent.ts';
import { recordedAgent } from './recordedAgent.ts';
import { argumentsIn, performRun, type OpenAiResume, type OpenAiRun } from './run.ts';

/** An agent. Every field but the agent may be left out. */
export interface OpenAiAgentOptions extends RecordingPolicy {
  /** The agent that begins; those that it hands over to are recorded too. */
  readonly agent: AnyOpenAiAgent;
  /** What the runner is made with: its provider of models, guardrails, tracing … That of the SDK by default. */
  readonly runConfig?: Partial<RunConfig>;
  /** Tools that ask people, beside those of the agent; none by default. */
  readonly asks?: readonly PersonTool[];
  /** `calls`: each call of a model and of a tool is a checkpoint; the default. `runner_call`: a run is one. */
  readonly strategy?: 'calls' | 'runner_call';
  /** How often the model may be called in a run; as the SDK says by default. */
  readonly maxTurns?: number;
  /** In `calls`: how people are asked about tools inside agents that are tools (`asTool`). */
  readonly approval?: ApprovalQuestion;
}

const agentOptionNames: OptionNames<OpenAiAgentOptions> = {
  agent: true,
  runConfig: true,
  asks: true,
  strategy: true,
  maxTurns: true,
  approval: true,
  checkpoints: true,
  capture: true,
};

/** What an agent is asked, or how an interrupted run goes on. */
export type OpenAiRequest = {
  /** Told each event of the stream. In `runner_call` while it is performed; in `calls` after each call, and again whenever the body is run again. Not streamed by default. */
  readonly onEvent?: (event: RunStreamEvent) => void;
} & (
  | {
      /** What a user says, or a conversation. */
      readonly input: string | readonly AgentInputItem[];
      /** What tools are given as their context: plain data, because it is a part of the state of an interrupted run. None by default. */
      readonly context?: unknown;
    }
  | {
      /** What was decided: see `waitForApproval`. */
      readonly resume: OpenAiResume;
    }
);

/** An agent that can be used in any flow. */
export interface OpenAiAgent {
  /** The name that its checkpoints have. */
  readonly name: string;
  /** Works until the agent has ended, or a tool must be approved: see `waitForApproval`. */
  run(ctx: FlowContext, request: OpenAiRequest): Promise<OpenAiRun>;
}

/**
 * Makes an agent of OpenAI Agents durable.
 * @example const clerk = openAiAgent('clerk', { agent: new Agent({ name: 'Clerk', tools }) });
 * // in a flow: const { finalOutput } = await clerk.run(ctx, { input: 'Hello' });
 */
export function openAiAgent(name: string, options: OpenAiAgentOptions): OpenAiAgent {
  requireCallName('An agent', name);
  const what = `the agent "${name}"`;
  requireOptions(what, options, agentOptionNames);
  requireRecording(what, options);
  const { agent, runConfig = {}, asks = [], strategy = 'calls', maxTurns, approval } = options;
  const [asking] = asks;
  if (strategy === 'runner_call' && asking) throw personToolInTurn(what, asking.name, 'Use { strategy: "calls" }.');
  const policy = { name, checkpoints: options.checkpoints, capture: options.capture };

  /** A runner whose provider gives models that are recorded. */
  function configFor(ctx: FlowContext, sdk: typeof Sdk): Partial<RunConfig> {
    const { modelProvider } = new sdk.Runner(runConfig).config;
    const { model } = runConfig;
    return {
      ...runConfig,
      ...(model === undefined || typeof model === 'string'
        ? {}
        : { model: recordedModel(ctx, model, policy, sdk.Usage) }),
      modelProvider: {
        getModel: async (asked) => recordedModel(ctx, await modelProvider.getModel(asked), policy, sdk.Usage),
      },
    };
  }

  return {
    name,
    async run(ctx, request) {
      const sdk = await loadOptional(
        '@openai/agents-core',
        `The agent "${name}" needs`,
        () => import('@openai/agents-core'),
      );
      const input = 'resume' in request ? request.resume : request.input;
      const context = 'resume' in request ? undefined : request.context;
      const perform = (signal?: AbortSignal): Promise<OpenAiRun> => {
        const config = configFor(ctx, sdk);
        const settings = { sdk, inherited: inheritedConfig(config), approval };
        return performRun({
          sdk,
          runner: new sdk.Runner(config),
          agent: recordedAgent(ctx, settings, agent, policy, asks),
          // The SDK takes an array that it could write to.
          input: input as string | AgentInputItem[] | OpenAiResume,
          options: {
            ...(context === undefined ? {} : { context }),
            ...(maxTurns === undefined ? {} : { maxTurns }),
            ...(signal ? { signal } : {}),
          },
          onEvent: request.onEvent,
        });
      };
      if (strategy === 'calls') return perform();
      return recordedCall(ctx, {
        name: `${name}_run`,
        options: { type: 'agent_turn', ...options.checkpoints?.turn },
        given: { input, context: context ?? null },
        run: ({ signal }) => perform(signal),
      });
    },
  };
}

/** Asks people about the tools that an interrupted run waits for, and gives the request with which it goes on. Rejects with `invalid` for a run that is completed. */
export async function waitForApproval(
  ctx: FlowContext,
  { interruptions, pendingState }: OpenAiRun,
  question?: ApprovalQuestion & {
    /** Only about this one; about all by default. */
    readonly index?: number;
  },
): Promise<{ readonly resume: OpenAiResume }> {
  const { index: only, ...asked } = question ?? {};
  const chosen = interruptions.filter(({ index }) => only === undefined || index === only);
  if (pendingState === undefined || chosen.length === 0)
    throw new TroupeError(
      'invalid',
      'There is nothing to approve: waitForApproval takes a run whose status is "interrupted".',
    );
  const decisions = await Promise.all(
    chosen.map(async ({ index, tool, callId, arguments: json }) => {
      const given = { adapter: 'openai-agents', tool, given: argumentsIn(json), callId };
      const { approved, reason } = await askApproval(ctx, given, asked);
      return { index, approved, ...(reason === undefined ? {} : { reason }) };
    }),
  );
  return { resume: { pendingState, decisions } };
}
