/** Tools of the AI SDK whose calls are checkpoints of a flow. */
import type { Tool, ToolExecutionOptions, ToolSet } from 'ai';
import type { FlowContext } from '../../flow/context.ts';
import { askPerson, isPersonTool, type PersonTool } from '../personQuestion.ts';
import { recordedCall } from '../savePoint.ts';
import { toolCall, toolSavePoint } from '../toolPolicy.ts';
import type { AiSdkRecording } from './model.ts';

/** Tools of the AI SDK, and tools that ask people, by their names. */
export type AiSdkTools = Readonly<Record<string, ToolSet[string] | PersonTool>>;

/** The same tools: each of their calls is a checkpoint `<tool>_tool`, and a tool that asks a person is a wait of the flow. */
export const durableTools = (ctx: FlowContext, tools: AiSdkTools, policy: AiSdkRecording): ToolSet =>
  Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => [
      name,
      isPersonTool(tool) ? questionTool(ctx, name, tool) : recordedTool(ctx, name, tool, policy),
    ]),
  );

function questionTool(ctx: FlowContext, name: string, tool: PersonTool): ToolSet[string] {
  const asking: Tool<object> = {
    description: tool.description,
    inputSchema: tool.input,
    execute: (given, { toolCallId }) =>
      askPerson(ctx, tool, { adapter: 'ai-sdk', tool: name, given, callId: toolCallId }),
  };
  return asking;
}

/** One that the provider or the browser executes is left as it is. */
function recordedTool(ctx: FlowContext, name: string, tool: ToolSet[string], policy: AiSdkRecording): ToolSet[string] {
  const { execute } = tool;
  const options = toolSavePoint(policy, name);
  if (!execute || options === false) return tool;
  const durable = (given: unknown, about: ToolExecutionOptions<unknown>) =>
    recordedCall(
      ctx,
      toolCall(policy, { tool: name, given, callId: about.toolCallId }, options, ({ signal }) => {
        const abortSignal = about.abortSignal ? AbortSignal.any([signal, about.abortSignal]) : signal;
        return lastOf(execute(given, { ...about, abortSignal }) as unknown);
      }),
    );
  return { ...tool, execute: durable };
}

/** A tool may give preliminary results: the last one is its result. */
async function lastOf(result: unknown): Promise<unknown> {
  const given = await result;
  if (typeof given !== 'object' || given === null || !(Symbol.asyncIterator in given)) return given;
  let last: unknown;
  // The check above.
  for await (const each of given as AsyncIterable<unknown>) last = each;
  return last;
}
