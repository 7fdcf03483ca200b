/** Middleware for agents of LangChain: each call of the model and of a tool is a checkpoint of the flow that the graph runs in. */
import type { BaseMessage } from '@langchain/core/messages';
import type * as LangGraph from '@langchain/langgraph';
import type { AgentMiddleware } from 'langchain';
import type { Json, JsonObject } from '../../values/json.ts';
import { loadOptional } from '../../values/optional.ts';
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { modelCapture } from '../capture.ts';
import { withModelErrors } from '../modelError.ts';
import { modelFacts } from '../modelFacts.ts';
import { askPerson, type PersonTool } from '../personQuestion.ts';
import { recordedCall } from '../savePoint.ts';
import { requireRecording, toolCall, toolSavePoint, type RecordingPolicy } from '../toolPolicy.ts';
import { currentFlow } from './currentFlow.ts';
import { langGraphSerial } from './serial.ts';

/** How the calls of an agent are recorded. Every field may be left out. */
export interface LangGraphCallsOptions extends RecordingPolicy {
  /** Tools that ask people, beside those of the agent; none by default. */
  readonly asks?: readonly PersonTool[];
}

const callsOptionNames: OptionNames<LangGraphCallsOptions> = { asks: true, checkpoints: true, capture: true };

/**
 * Makes the middleware. Outside of flows, and in a graph that is one checkpoint as a whole, it records nothing.
 * @example const graph = createAgent({ model, tools, middleware: [await langGraphCalls('guide')] });
 */
export async function langGraphCalls(name: string, options: LangGraphCallsOptions = {}): Promise<AgentMiddleware> {
  const what = `the middleware "${name}"`;
  requireOptions(what, options, callsOptionNames);
  requireRecording(what, options);
  const { asks = [], checkpoints, capture = {} } = options;
  const { sdk, langchain } = await loadOptional(
    ['langchain', '@langchain/langgraph', '@langchain/core'],
    `${what} needs`,
    async () => ({ sdk: await import('@langchain/langgraph'), langchain: await import('langchain') }),
  );
  const serial = langGraphSerial(sdk);
  const questions = new Map(asks.map((asked) => [asked.name, asked]));

  return langchain.createMiddleware({
    name: `troupe_${name}`,
    tools: asks.map(({ name: tool, description, input }) =>
      langchain.tool(() => '', { name: tool, description, schema: input }),
    ),
    async wrapModelCall(request, handler) {
      const ctx = currentFlow();
      if (!ctx) return handler(request);
      const prompt = [request.systemMessage, ...request.messages].map(saidIn);
      const answer = await recordedCall(ctx, {
        name: `${name}_model`,
        options: { type: 'llm_call', ...checkpoints?.model },
        given: { prompt, tools: request.tools.map(nameOf), toolChoice: request.toolChoice },
        run: () => withModelErrors(async () => serial.write(await handler(request))),
        facts: (json) => ({ llm_calls: modelFacts({ usage: usageIn(json) }) }),
        captured: (json, isRecorded) => modelCapture(capture, { prompt, response: json, isRecorded }),
      });
      // What the handler gave.
      return (await serial.read(answer)) as Awaited<ReturnType<typeof handler>>;
    },
    async wrapToolCall(request, handler) {
      const ctx = currentFlow();
      const { name: tool, args, id: callId = '' } = request.toolCall;
      const asked = questions.get(tool);
      if (ctx && asked) {
        const answer = await askPerson(ctx, asked, { adapter: 'langgraph', tool, given: args, callId });
        return new langchain.ToolMessage({ content: JSON.stringify(answer), name: tool, tool_call_id: callId });
      }
      const chosen = toolSavePoint({ checkpoints }, tool);
      if (!ctx || chosen === false) return handler(request);
      const call = { tool, given: args, callId };
      const result = await recordedCall(
        ctx,
        toolCall({ checkpoints, capture }, call, chosen, () =>
          interruptible(sdk, async () => serial.write(await handler(request))),
        ),
      );
      return (await readResult(sdk, serial, result)) as Awaited<ReturnType<typeof handler>>;
    },
  }) as AgentMiddleware; // Its type says which tools it adds.
}

/** A tool that interrupts its graph has ended with that: it is called again when the graph goes on. */
async function interruptible(sdk: typeof LangGraph, call: () => Promise<Json>): Promise<Json> {
  try {
    return await call();
  } catch (thrown) {
    if (!sdk.isGraphInterrupt(thrown)) throw thrown;
    return { interrupts: JSON.parse(JSON.stringify(thrown.interrupts)) as Json };
  }
}

function readResult(sdk: typeof LangGraph, serial: ReturnType<typeof langGraphSerial>, result: unknown) {
  // What `interruptible` gives.
  const written = result as { readonly interrupts?: ConstructorParameters<typeof LangGraph.GraphInterrupt>[0] };
  if (written.interrupts) throw new sdk.GraphInterrupt(written.interrupts);
  return serial.read(result as Json);
}

/** What a message says: without its id, which LangGraph makes by chance. */
function saidIn(message: BaseMessage): object {
  const { tool_calls: calls, tool_call_id: answers } = message as BaseMessage & {
    readonly tool_calls?: unknown;
    readonly tool_call_id?: unknown;
  };
  return {
    type: message.getType(),
    content: message.content,
    ...(Array.isArray(calls) && calls.length > 0 ? { tool_calls: calls } : {}),
    ...(answers === undefined ? {} : { tool_call_id: answers }),
  };
}

const nameOf = (tool: object): unknown => ('name' in tool ? tool.name : undefined);

/** The tokens of a message as it is written. */
function usageIn(json: Json): unknown {
  const { value } = json as { readonly value?: { readonly kwargs?: JsonObject } };
  return value?.kwargs?.usage_metadata;
}
