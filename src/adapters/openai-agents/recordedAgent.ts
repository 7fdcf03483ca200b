/** The agents of a run of OpenAI Agents, with tools and models whose calls are checkpoints of a flow. */
import type * as Sdk from '@openai/agents-core';
import type { FunctionTool, Handoff, Tool } from '@openai/agents-core';
import type { FlowContext } from '../../flow/context.ts';
import { askPerson, type PersonTool } from '../personQuestion.ts';
import { isInsideCheckpoint, recordedCall } from '../savePoint.ts';
import { toolCall, toolSavePoint } from '../toolPolicy.ts';
import type { AnyOpenAiAgent } from './anyAgent.ts';
import { isAgentTool, recordedAgentTool, type AgentToolSettings } from './agentTool.ts';
import { recordedModel, type OpenAiRecording } from './model.ts';

/** A copy of the agent, and of all that it hands over to. `asks` are added to its tools. */
export function recordedAgent(
  ctx: FlowContext,
  settings: AgentToolSettings,
  agent: AnyOpenAiAgent,
  policy: OpenAiRecording,
  asks: readonly PersonTool[],
): AnyOpenAiAgent {
  const { sdk } = settings;
  const copies = new Map<AnyOpenAiAgent, AnyOpenAiAgent>();

  function copyOf(original: AnyOpenAiAgent, added: readonly Tool[] = []): AnyOpenAiAgent {
    const known = copies.get(original);
    if (known) return known;
    const { model } = original;
    const copy = original.clone({
      tools: [...original.tools.map((tool) => recordedTool(ctx, tool, policy, settings)), ...added],
      ...(typeof model === 'string' ? {} : { model: recordedModel(ctx, model, policy, sdk.Usage) }),
      handoffs: [],
    });
    // Before its handoffs are copied: they may lead back here.
    copies.set(original, copy);
    copy.handoffs = original.handoffs.map((target: AnyOpenAiAgent | Handoff) => handoffOf(target));
    return copy;
  }

  function handoffOf(target: AnyOpenAiAgent | Handoff): AnyOpenAiAgent | Handoff {
    if (target instanceof sdk.Agent) return copyOf(target);
    const handoff = target as Handoff; // The SDK has these two.
    return handoff.clone({
      agent: copyOf(handoff.agent),
      onInvokeHandoff: async (context, args) => copyOf(await handoff.onInvokeHandoff(context, args)),
    });
  }

  return copyOf(
    agent,
    asks.map((asked) => questionTool(ctx, sdk, asked)),
  );
}

/** A tool that the provider executes is left as it is. */
function recordedTool(ctx: FlowContext, tool: Tool, policy: OpenAiRecording, settings: AgentToolSettings): Tool {
  if (tool.type !== 'function') return tool;
  const options = toolSavePoint(policy, tool.name);
  if (options === false) return tool;
  if (isAgentTool(tool))
    // As a part of a larger checkpoint it is the SDK's own, so that its approvals are those of the run around it.
    return isInsideCheckpoint() ? tool : recordedAgentTool(ctx, tool, policy, options, settings);
  const invoke: FunctionTool['invoke'] = (context, input, details) =>
    recordedCall(
      ctx,
      toolCall(policy, { tool: tool.name, given: input, callId: details?.toolCall?.callId }, options, ({ signal }) =>
        tool.invoke(context, input, {
          ...details,
          signal: details?.signal ? AbortSignal.any([signal, details.signal]) : signal,
        }),
      ),
    );
  return { ...tool, invoke };
}

const questionTool = (ctx: FlowContext, sdk: typeof Sdk, asked: PersonTool): Tool =>
  sdk.tool({
    name: asked.name,
    description: asked.description,
    parameters: asked.input,
    // A question that is withdrawn, or that nobody answers in time, is not an answer for the model.
    errorFunction: null,
    execute: (given, _, details) =>
      askPerson(ctx, asked, { adapter: 'openai-agents', tool: asked.name, given, callId: details?.toolCall?.callId }),
  });
