/** An agent that is a tool of another one (`asTool`): one call of a tool for the flow, and a wait of the flow for each approval inside. */
import type * as Sdk from '@openai/agents-core';
import type { FunctionTool, Model, RunConfig } from '@openai/agents-core';
import type { FlowContext } from '../../flow/context.ts';
import { TroupeError } from '../../values/failure.ts';
import { askApproval, type ApprovalQuestion } from '../personQuestion.ts';
import { recordedCall, type SavePointOptions } from '../savePoint.ts';
import { toolCall } from '../toolPolicy.ts';
import type { OpenAiRecording } from './model.ts';
import { argumentsIn, performRun, type OpenAiRun, type OpenAiResume } from './run.ts';

/** Does the tool run an agent? Such a tool has listeners for the events of its agent, which no other tool has. */
export const isAgentTool = (tool: FunctionTool): boolean => 'on' in tool && typeof tool.on === 'function';

/** How such tools are performed. */
export interface AgentToolSettings {
  readonly sdk: typeof Sdk;
  /** What an agent that is a tool has of the runner around it. */
  readonly inherited: Partial<RunConfig>;
  /** How people are asked about tools inside. */
  readonly approval: ApprovalQuestion | undefined;
}

/** What an agent gets of the runner of the agent that calls it: what the SDK itself passes on. */
export const inheritedConfig = ({
  model,
  modelSettings,
  modelProvider,
  sandbox,
  toolExecution,
  toolNotFoundBehavior,
  toolNameCollisionPolicy,
  tracing,
  tracingDisabled,
  traceIncludeSensitiveData,
}: Partial<RunConfig>): Partial<RunConfig> => ({
  ...(model === undefined ? {} : { model }),
  ...(modelSettings === undefined ? {} : { modelSettings }),
  ...(modelProvider === undefined ? {} : { modelProvider }),
  ...(sandbox === undefined ? {} : { sandbox }),
  ...(toolExecution === undefined ? {} : { toolExecution }),
  ...(toolNotFoundBehavior === undefined ? {} : { toolNotFoundBehavior }),
  ...(toolNameCollisionPolicy === undefined ? {} : { toolNameCollisionPolicy }),
  ...(tracing === undefined ? {} : { tracing }),
  ...(tracingDisabled === undefined ? {} : { tracingDisabled }),
  ...(traceIncludeSensitiveData === undefined ? {} : { traceIncludeSensitiveData }),
});

/**
 * The same tool, whose calls are checkpoints. A call in which a tool must be approved is recorded with the state of the agent inside, and goes on from there in a
 * further checkpoint once people have decided.
 */
export function recordedAgentTool(
  ctx: FlowContext,
  tool: FunctionTool,
  policy: OpenAiRecording,
  options: SavePointOptions,
  { sdk, inherited, approval }: AgentToolSettings,
): FunctionTool {
  const invoke: FunctionTool['invoke'] = async (context, input, details) => {
    const { callId } = details?.toolCall ?? {};
    let resume: OpenAiResume | undefined;
    for (;;) {
      const given = resume ? { input, decisions: resume.decisions } : input;
      const { status, finalOutput, interruptions, pendingState, usage } = await recordedCall(
        ctx,
        // What `performCall` gives, as it was recorded.
        toolCall(policy, { tool: tool.name, given, callId }, options, ({ signal }) =>
          performCall({ sdk, inherited, tool, input, callId: callId ?? tool.name }, context.context, resume, signal),
        ) as Parameters<typeof recordedCall<OpenAiRun>>[1],
      );
      if (status === 'completed' || pendingState === undefined) {
        // As the SDK does: what is used inside is used by the run around it. A run that goes on has the sum.
        context.usage.add(new sdk.Usage({ ...usage }));
        return finalOutput as string;
      }
      const decisions = await Promise.all(
        interruptions.map(async ({ index, tool: name, callId: id, arguments: json }) => {
          const asked = { adapter: 'openai-agents', tool: name, given: argumentsIn(json), callId: id };
          const { approved, reason } = await askApproval(ctx, asked, approval);
          return { index, approved, ...(reason === undefined ? {} : { reason }) };
        }),
      );
      resume = { pendingState, decisions };
    }
  };
  return { ...tool, invoke };
}

interface AgentToolCall extends Pick<AgentToolSettings, 'sdk' | 'inherited'> {
  readonly tool: FunctionTool;
  readonly input: string;
  readonly callId: string;
}

/** Performs the tool as the only step of a run of the SDK: that run has the state of the agent inside, which the tool itself does not give. */
async function performCall(
  { sdk, inherited, tool, input, callId }: AgentToolCall,
  context: unknown,
  resume: OpenAiResume | undefined,
  signal: AbortSignal,
): Promise<OpenAiRun> {
  const agent = new sdk.Agent({
    name: `${tool.name}_call`,
    model: callingModel(sdk, tool.name, input, callId),
    tools: [tool],
    toolUseBehavior: 'stop_on_first_tool',
  });
  const perform = (given: OpenAiResume | string): Promise<OpenAiRun> =>
    performRun({ sdk, runner: new sdk.Runner(inherited), agent, input: given, options: { context, signal } });
  const run = await perform(resume ?? input);
  // The run around it has decided that the tool itself may be called.
  const own = run.interruptions.find((each) => each.callId === callId && each.tool === tool.name);
  if (!own || run.pendingState === undefined) return run;
  return perform({ pendingState: run.pendingState, decisions: [{ index: own.index, approved: true }] });
}

/** A model that calls one tool. */
const callingModel = ({ Usage }: typeof Sdk, name: string, input: string, callId: string): Model => ({
  getResponse: async () => ({
    usage: new Usage(),
    output: [{ type: 'function_call', callId, name, arguments: input, status: 'completed' }],
  }),
  // oxlint-disable-next-line require-yield -- nobody streams it
  async *getStreamedResponse() {
    throw new TroupeError('unsupported', 'The call of an agent as a tool is not streamed.');
  },
});
